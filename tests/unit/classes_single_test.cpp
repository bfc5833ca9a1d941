// SPDX-License-Identifier: Apache-2.0
// Protocols with one message in a message of WebSocket: STOMP, XMPP, Phoenix, graphql-ws.
#include <gtest/gtest.h>

#include "tests/support/classes.h"

namespace fanfare::test {
namespace {

constexpr unsigned from_client = FANFARE_MASKED;

const Telling stomp{Subprotocol::stomp};
const Telling xmpp{Subprotocol::xmpp};
const Telling phoenix{Subprotocol::phoenix};
const Telling graphql{Subprotocol::graphql_ws};

unsigned out(const Telling& telling, const std::string& payload, unsigned opcode = text) {
  return class_of(telling, payload, opcode);
}

unsigned in(const Telling& telling, const std::string& payload, unsigned opcode = text) {
  return class_of(telling, payload, opcode, from_client);
}

TEST(Stomp, CommandsAreTold) {
  const std::string message = "MESSAGE\nsubscription:0\nmessage-id:7\n\nhello";
  const std::string send = "SEND\r\ndestination:/topic/a\r\n\r\nhello";
  EXPECT_EQ(out(stomp, message), FANFARE_EVENT);
  EXPECT_EQ(in(stomp, message), FANFARE_OTHER);
  EXPECT_EQ(in(stomp, send), FANFARE_EVENT);
  EXPECT_EQ(out(stomp, send), FANFARE_OTHER);
  EXPECT_EQ(out(stomp, "\n" + message), FANFARE_EVENT);
  EXPECT_EQ(in(stomp, "\r\n\n" + send), FANFARE_EVENT);
  for (const char* beat : {"\n", "\r\n", "\n\n\n\n\n\n\n\n\n\n"}) {
    EXPECT_EQ(out(stomp, beat), FANFARE_HEARTBEAT);
    EXPECT_EQ(in(stomp, beat), FANFARE_HEARTBEAT);
  }
  for (const char* other : {"CONNECTED\nversion:1.2\n\n", "RECEIPT\nreceipt-id:1\n\n", "ERROR\n\n",
                            "MESSAGES\n", "MESSAGE", "MESS", ""})
    EXPECT_EQ(out(stomp, other), FANFARE_OTHER) << other;
  for (const char* other : {"SENDS\n", "SEND", "ACK\nid:1\n\n", "SUBSCRIBE\nid:0\n\n"})
    EXPECT_EQ(in(stomp, other), FANFARE_OTHER) << other;
}

TEST(Xmpp, ElementsAreTold) {
  for (const char* event : {"<message to='a'><body>x</body></message>", "<message/>", "<message>"})
    EXPECT_EQ(out(xmpp, event), FANFARE_EVENT) << event;
  for (const char* beat :
       {"<r xmlns='urn:xmpp:sm:3'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", "<r/>"})
    EXPECT_EQ(in(xmpp, beat), FANFARE_HEARTBEAT) << beat;
  for (const char* other : {"<iq type='get'/>", "<presence/>", "<auth/>", "<resume/>", "<open/>",
                            "<response>", "<abort/>", "<r", "<", "<messag", ""})
    EXPECT_EQ(out(xmpp, other), FANFARE_OTHER) << other;
}

TEST(Phoenix, ArraysAreTold) {
  EXPECT_EQ(out(phoenix, R"([null,null,"room:1","said",{"a":1}])"), FANFARE_EVENT);
  EXPECT_EQ(out(phoenix, R"(["1",null,"room:1","said",{}])"), FANFARE_EVENT);
  EXPECT_EQ(out(phoenix, R"([ null , null , "ro\"om,1" , "said" , {}])"), FANFARE_EVENT);
  EXPECT_EQ(in(phoenix, R"(["1","2","room:1","said",{"a":1}])"), FANFARE_EVENT);
  EXPECT_EQ(out(phoenix, R"([null,"7","phoenix","phx_reply",{}])"), FANFARE_HEARTBEAT);
  EXPECT_EQ(in(phoenix, R"([null,"7","phoenix","heartbeat",{}])"), FANFARE_HEARTBEAT);
  for (const char* other :
       {R"(["1","2","room:1","phx_reply",{}])", R"(["1","2","room:1","said",{}])",
        R"([null,null,"room:1","presence_diff",{}])", R"(["1",null,"r","presence_state",{}])",
        R"(["1",null,"room:1","phx_close",{}])", R"([null,null,"room:1","sai)", "["})
    EXPECT_EQ(out(phoenix, other), FANFARE_OTHER) << other;
  EXPECT_EQ(in(phoenix, R"(["1","1","room:1","phx_join",{}])"), FANFARE_OTHER);
  EXPECT_EQ(in(phoenix, R"(["1","1","phoenixes","say",{}])"), FANFARE_EVENT);
  EXPECT_EQ(in(phoenix, R"(["1","1","my:phoenix","phx",{}])"), FANFARE_EVENT);
}

TEST(Phoenix, BinaryIsToldByItsFirstByte) {
  EXPECT_EQ(out(phoenix, std::string("\0\1\6\4", 4), binary), FANFARE_EVENT);
  EXPECT_EQ(out(phoenix, "\2\6\4", binary), FANFARE_EVENT);
  EXPECT_EQ(out(phoenix, "\1\1\1\6\2", binary), FANFARE_OTHER);
  EXPECT_EQ(in(phoenix, std::string("\0\1\1\6\4", 5), binary), FANFARE_EVENT);
}

TEST(Phoenix, AnotherSerializerIsNamed) {
  Teller teller(phoenix);
  teller.segment(wire({text, R"({"topic":"room:1","event":"said","ref":null})"}));
  EXPECT_EQ(only_class(teller.counted()), FANFARE_OTHER);
  EXPECT_EQ(teller.unread(), 1U);
}

TEST(GraphqlWs, TypesAreTold) {
  EXPECT_EQ(out(graphql, R"({"id":"1","type":"next","payload":{}})"), FANFARE_EVENT);
  EXPECT_EQ(in(graphql, R"({"id":"1","type":"subscribe","payload":{}})"), FANFARE_EVENT);
  for (const char* beat : {R"({"type":"ping"})", R"({"type":"pong"})", R"({"type":"ka"})"})
    EXPECT_EQ(out(graphql, beat), FANFARE_HEARTBEAT) << beat;
  for (const char* other : {R"({"type":"connection_ack"})", R"({"id":"1","type":"complete"})"})
    EXPECT_EQ(out(graphql, other), FANFARE_OTHER) << other;
}

TEST(SingleMessages, AnyPiecesGiveTheSame) {
  expect_same_in_any_pieces(stomp, {{text, "MESSAGE\na:b\n\nx"},
                                    {text, "\n"},
                                    {text, "\nSEND\n\nx"},
                                    {text, "RECEIPT\n\n"},
                                    {text, "MESSAGE\n" + std::string(70000, 'x')}});
  expect_same_in_any_pieces(xmpp, {{text, "<message to='a'/>"},
                                   {text, "<r/>"},
                                   {text, "<a h='1'/>"},
                                   {text, "<iq/>"},
                                   {text, "<message>" + std::string(70000, 'x')}});
  expect_same_in_any_pieces(phoenix, {{text, R"([null,null,"room:1","said",{"a":1}])"},
                                      {text, R"(["1","2","room:1","said",{"a":1}])"},
                                      {text, R"([null,"7","phoenix","phx_reply",{}])"},
                                      {binary, "\1\1\1\6\2"},
                                      {text, R"(["1",null,"a\"b","presence_diff",{}])"},
                                      {text, R"([null,null,")" + std::string(70000, 'x')}});
}

}  // namespace
}  // namespace fanfare::test
