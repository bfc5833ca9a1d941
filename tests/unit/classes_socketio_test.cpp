// SPDX-License-Identifier: Apache-2.0
// Socket.IO and Engine.IO packets by their digits, and the bytes of a real conversation.
#include <gtest/gtest.h>

#include "tests/support/classes.h"

namespace fanfare::test {
namespace {

const Telling socketio{Subprotocol::socketio};

TEST(SocketIo, PacketsAreTold) {
  EXPECT_EQ(class_of(socketio, R"(42["message","hello"])"), FANFARE_EVENT);
  EXPECT_EQ(class_of(socketio, R"(42/room,["message"])"), FANFARE_EVENT);
  EXPECT_EQ(class_of(socketio, R"(4217["message"])"), FANFARE_EVENT);
  EXPECT_EQ(class_of(socketio, R"(451-["file",{"_placeholder":true,"num":0}])"), FANFARE_EVENT);
  EXPECT_EQ(class_of(socketio, "2"), FANFARE_HEARTBEAT);
  EXPECT_EQ(class_of(socketio, "3"), FANFARE_HEARTBEAT);
  for (const char* other : {"0{\"sid\":\"x\"}", "1", "40", "40{\"sid\":\"y\"}", "41", "43[]",
                            "431[]", "44{}", "2probe", "3probe", "461-[]", "4", "5", "6", "x", ""})
    EXPECT_EQ(class_of(socketio, other), FANFARE_OTHER) << other;
}

// They are part of an event that has been counted, whatever they begin with.
TEST(SocketIo, AttachmentsAreOther) {
  EXPECT_EQ(class_of(socketio, "42", binary), FANFARE_OTHER);
  EXPECT_EQ(class_of(socketio, "2", binary), FANFARE_OTHER);
}

TEST(SocketIo, AnyPiecesGiveTheSame) {
  expect_same_in_any_pieces(socketio, {{text, "42[\"a\",1]"},
                                       {text, "2"},
                                       {binary, "42"},
                                       {text, "3probe"},
                                       {text, ""},
                                       {text, "40"},
                                       {text, "42" + std::string(70000, 'x')}});
}

}  // namespace
}  // namespace fanfare::test
