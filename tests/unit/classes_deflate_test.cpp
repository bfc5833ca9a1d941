// SPDX-License-Identifier: Apache-2.0
// Classes on connections with permessage-deflate: stored blocks are read, the rest is other and
// named. The first bytes are those that gorilla/websocket writes at level 1.
#include <gtest/gtest.h>

#include "tests/support/classes.h"
#include "tests/support/payloads.h"

namespace fanfare::test {
namespace {

const Telling socketio{Subprotocol::socketio};
const Telling nats{Subprotocol::nats};
const Telling by_type{{.events = Subprotocol::match,
                       .prefix = {},
                       .event_key = {"type", {"message.new"}},
                       .heartbeats = {}}};

std::string stored(const std::string& plain, char first = '\0') {
  const auto size = plain.size();
  std::string block(1, first);
  for (const std::size_t word : {size, ~size})
    for (const int shift : {0, 8}) block += static_cast<char>(word >> shift & 0xff);
  return block + plain;
}

struct Told {
  std::array<std::uint64_t, FANFARE_CLASS_COUNT> messages;
  std::uint64_t compressed;
  bool operator==(const Told&) const = default;
};

// Whole, byte by byte, and from the client: the same.
Told told(const Telling& telling, const std::vector<std::string>& payloads) {
  std::vector<Told> each;
  for (const unsigned masked : {0U, unsigned{FANFARE_MASKED}}) {
    std::string stream;
    for (const auto& payload : payloads)
      stream += wire({.payload = payload, .rsv = 4, .masked = masked != 0});
    for (const std::size_t longest : {std::size_t{1}, std::size_t{5}, stream.size()}) {
      Teller teller(telling, FANFARE_DEFLATE | masked);
      teller.pieces(stream, longest, 1);
      EXPECT_EQ(teller.losses() + teller.unread(), 0U);
      each.push_back({teller.counted().messages, teller.compressed()});
      EXPECT_EQ(each.back(), each.front());
    }
  }
  return each.front();
}

TEST(Deflated, StoredBlocksAreRead) {
  const std::string gorilla("\0\x1d\0\xe2\xff", 5);
  const std::string json = R"({"type":"message.new","id":1})";
  EXPECT_EQ(told(by_type, {gorilla + json + std::string(1, '\0')}), (Told{{1, 0, 0, 0}, 0}));
  EXPECT_EQ(told(socketio, {stored("2"), stored("42[]", '\1'), stored("40")}),
            (Told{{1, 1, 0, 1}, 0}));
  EXPECT_EQ(told(socketio, {stored("4") + stored("2[]")}), (Told{{1, 0, 0, 0}, 0}));
  EXPECT_EQ(told(nats, {stored("PING\r\nMSG a 1 5\r\nhel"), stored("lo\r\n")}),
            (Told{{1, 1, 0, 0}, 0}));
}

TEST(Deflated, TheRestIsOtherAndNamed) {
  EXPECT_EQ(told(socketio, {deflated("42[\"squeezed\"]"), stored("42[]")}),
            (Told{{1, 0, 0, 1}, 1}));
  EXPECT_EQ(told(socketio, {std::string("\0\3\0\0\0abc", 8)}), (Told{{0, 0, 0, 1}, 1}));
  EXPECT_EQ(told(socketio, {stored("4") + "\x2a"}), (Told{{0, 0, 0, 1}, 1}));
  EXPECT_EQ(told(nats, {deflated("PING\r\n"), stored("PING\r\n")}), (Told{{0, 1, 0, 1}, 1}));
}

TEST(Deflated, PlainMessagesOfSuchAConnectionAreTold) {
  EXPECT_EQ(class_of(socketio, "42[]", text, FANFARE_DEFLATE), FANFARE_EVENT);
}

}  // namespace
}  // namespace fanfare::test
