// SPDX-License-Identifier: Apache-2.0
// Protocols with several messages in a message of WebSocket: each counts; the bytes of the whole go
// to the class of the first.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>

#include "tests/support/classes.h"

namespace fanfare::test {
namespace {

constexpr unsigned from_client = FANFARE_MASKED;

const Telling sockjs{Subprotocol::sockjs};
const Telling centrifugo{Subprotocol::centrifugo};
const Telling protobuf{Subprotocol::centrifugo_protobuf};
const Telling nats{Subprotocol::nats};

// Events, heartbeats, controls, others.
using Messages = std::array<std::uint64_t, FANFARE_CLASS_COUNT>;

Teller told(const Telling& telling, const std::vector<std::string>& payloads, unsigned flags = 0) {
  Teller teller(telling, flags);
  for (const auto& payload : payloads)
    teller.segment(wire({.payload = payload, .masked = (flags & FANFARE_MASKED) != 0}));
  EXPECT_EQ(teller.losses(), 0U);
  return teller;
}

Messages out(const Telling& telling, const std::vector<std::string>& payloads) {
  return told(telling, payloads).counted().messages;
}

Messages in(const Telling& telling, const std::vector<std::string>& payloads) {
  return told(telling, payloads, from_client).counted().messages;
}

TEST(SockJs, ArraysAreCounted) {
  EXPECT_EQ(out(sockjs, {R"(a["one"])"}), (Messages{1, 0, 0, 0}));
  EXPECT_EQ(out(sockjs, {R"(a["one","t,\"w]o\\","","\u0000"])"}), (Messages{4, 0, 0, 0}));
  EXPECT_EQ(out(sockjs, {R"(a["a\"b\"c"])"}), (Messages{1, 0, 0, 0}));
  EXPECT_EQ(out(sockjs, {"h", "o", "c[3000,\"Go away!\"]", "a[]"}), (Messages{0, 1, 0, 2}));
  EXPECT_EQ(in(sockjs, {R"(["one","two"])", R"("three")"}), (Messages{3, 0, 0, 0}));
  EXPECT_EQ(in(sockjs, {"h"}), (Messages{0, 0, 0, 1}));
}

TEST(Centrifugo, LinesAreCounted) {
  const std::string pub = R"({"push":{"channel":"c","pub":{"data":{"push":{}},"offset":1}}})";
  const std::string join = R"({"push":{"channel":"\"pub\":","join":{"info":{"pub":1}}}})";
  EXPECT_EQ(out(centrifugo, {pub}), (Messages{1, 0, 0, 0}));
  EXPECT_EQ(out(centrifugo, {join}), (Messages{0, 0, 0, 1}));
  EXPECT_EQ(out(centrifugo, {"{}"}), (Messages{0, 1, 0, 0}));
  EXPECT_EQ(out(centrifugo, {pub + "\n" + join + "\n{}\n" + pub, R"({"id":1,"publish":{}})"}),
            (Messages{2, 1, 0, 2}));
  EXPECT_EQ(out(centrifugo, {pub + "\n"}), (Messages{1, 0, 0, 0}));
  EXPECT_EQ(out(centrifugo, {R"({"push":{"pub":{}}})"}), (Messages{1, 0, 0, 0}));
  EXPECT_EQ(out(centrifugo, {R"({"push":{"message":{}}})"}), (Messages{0, 0, 0, 1}));
  EXPECT_EQ(in(centrifugo, {R"({"id":12,"publish":{"channel":"c","data":1}})"}),
            (Messages{1, 0, 0, 0}));
  EXPECT_EQ(in(centrifugo, {R"({"publish":{}})", R"({"id":1})", R"({"connect":{},"id":1})", "{}"}),
            (Messages{1, 1, 0, 2}));
  EXPECT_EQ(in(centrifugo, {R"({"id":1,"connect":{}})"
                            "\n"
                            R"({"id":2,"subscribe":{}})"}),
            (Messages{0, 0, 0, 2}));
  EXPECT_EQ(in(centrifugo, {pub, "x"}), (Messages{0, 0, 0, 2}));
}

std::string varint(std::size_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(0x80 | (value & 0x7f));
  return bytes + static_cast<char>(value);
}

std::string field(int number, const std::string& inner) {
  return varint(static_cast<std::size_t>(number) << 3 | 2) + varint(inner.size()) + inner;
}

std::string delimited(const std::string& message) { return varint(message.size()) + message; }

TEST(CentrifugoProtobuf, MessagesAreCounted) {
  const std::string data = field(4, std::string(300, '\x22'));
  const std::string pub = delimited(field(4, field(2, "room:1") + data));
  const std::string long_name = delimited(field(4, field(2, std::string(200, 'c')) + data));
  const std::string no_name = delimited(field(4, data));
  const std::string join = delimited(field(4, field(2, "room:1") + field(5, data)));
  const std::string reply = delimited("\x08\x07" + field(8, ""));
  const std::string beat(1, '\0');
  EXPECT_EQ(out(protobuf, {pub, long_name, no_name}), (Messages{3, 0, 0, 0}));
  EXPECT_EQ(out(protobuf, {join, reply}), (Messages{0, 0, 0, 2}));
  EXPECT_EQ(out(protobuf, {beat + pub + reply + join + pub + beat}), (Messages{2, 2, 0, 2}));
  const std::string publish = delimited("\x08\x81\x01" + field(7, field(1, "room:1") + data));
  EXPECT_EQ(in(protobuf, {publish + beat, delimited(field(7, ""))}), (Messages{2, 1, 0, 0}));
  EXPECT_EQ(in(protobuf, {delimited("\x08\x01" + field(5, data)), pub, delimited("\x08")}),
            (Messages{0, 0, 0, 3}));
}

TEST(CentrifugoProtobuf, AnEndlessLengthIsNamed) {
  const auto teller = told(protobuf, {std::string(12, '\xff'), std::string(1, '\0')});
  EXPECT_EQ(teller.counted().messages, (Messages{0, 1, 0, 1}));
  EXPECT_EQ(teller.unread(), 1U);
}

TEST(Nats, LinesAreCounted) {
  const std::string msg = "MSG room.1 1 6\r\nhello0\r\n";
  const std::string headers = "HMSG room.1 1 reply.9 12 17\r\nNATS/1.0\r\n\r\nhello\r\n";
  EXPECT_EQ(out(nats, {"INFO {\"server_id\":\"N\"} \r\n"}), (Messages{0, 0, 0, 1}));
  EXPECT_EQ(out(nats, {msg + msg + headers + "PING\r\n+OK\r\n-ERR 'x'\r\n"}),
            (Messages{3, 1, 0, 2}));
  EXPECT_EQ(out(nats, {"msg a 1 0\r\n\r\n", "pong\r\n"}), (Messages{1, 1, 0, 0}));
  EXPECT_EQ(in(nats, {"CONNECT {}\r\nPUB a.7 5\r\nPING!\r\nHPUB a r 12 12\r\nNATS/1.0\r\n\r\n\r\n",
                      "SUB a 1\r\nUNSUB 1\r\nPING\r\n"}),
            (Messages{2, 1, 0, 3}));
}

TEST(Nats, AMessageMayGoOverSeveral) {
  const std::string msg = "MSG room.1 1 300\r\n" + std::string(300, 'M') + "\r\n";
  for (std::size_t cut = 1; cut < msg.size(); ++cut) {
    SCOPED_TRACE(cut);
    const auto teller = told(nats, {msg.substr(0, cut), msg.substr(cut) + "PING\r\n"});
    EXPECT_EQ(teller.counted().messages, (Messages{1, 1, 0, 0}));
    EXPECT_EQ(teller.unread(), 0U);
    const Messages bytes = teller.counted().bytes;
    EXPECT_EQ(bytes[FANFARE_EVENT] + bytes[FANFARE_OTHER], msg.size() + 6);
    EXPECT_EQ(bytes[FANFARE_EVENT], cut < 4 ? msg.size() - cut + 6 : msg.size() + 6);
  }
}

TEST(Nats, WhatIsNotOfItIsNamedAndReadingGoesOn) {
  const auto teller = told(nats, {"PING\r\nGARBAGE\r\nPING\r\n", "hello", "PONG\r\n",
                                  "MSG a 1 99999999999\r\nx", "PING\r\n"});
  EXPECT_EQ(teller.counted().messages, (Messages{0, 3, 0, 3}));
  EXPECT_EQ(teller.unread(), 3U);
}

TEST(Nats, HolesInsideOfAPayloadAreHarmless) {
  const std::string msg = "MSG room.1 1 300\r\n" + std::string(300, 'M') + "\r\n";
  const auto bytes = wire({text, msg + msg});
  for (const bool in_line : {false, true}) {
    Teller teller(nats);
    const std::size_t at = in_line ? 4 + msg.size() + 8 : 100;
    teller.segment(bytes.substr(0, at));
    teller.hole(50);
    teller.segment(bytes.substr(at + 50));
    EXPECT_EQ(teller.counted().messages, (in_line ? Messages{1, 0, 0, 1} : Messages{2, 0, 0, 0}));
    EXPECT_EQ(teller.unread(), in_line);
  }
}

// What nats-server wrote: INFO, two PONG, three MSG, five in one, PING.
TEST(Nats, ARealServersBytes) {
  std::ifstream file(FANFARE_SOURCE_DIR "/tests/captures/nats-2.9.10-ws.00.bin", std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  const std::string stream = all.substr(all.find("\r\n\r\n") + 4);
  for (const std::size_t longest : {std::size_t{1}, std::size_t{9}, stream.size()}) {
    Teller teller(nats);
    teller.pieces(stream, longest, longest);
    EXPECT_EQ(teller.counted().messages, (Messages{8, 2, 1, 1}));
    EXPECT_EQ(teller.losses() + teller.unread(), 0U);
  }
}

TEST(SeveralMessages, BytesGoToTheFirst) {
  EXPECT_EQ(told(nats, {"PING\r\nMSG a 1 0\r\n\r\n"}).counted().bytes[FANFARE_HEARTBEAT], 19U);
  EXPECT_EQ(told(centrifugo, {"{}\n{\"id\":1}"}).counted().bytes[FANFARE_HEARTBEAT], 11U);
}

TEST(SeveralMessages, AnyPiecesGiveTheSame) {
  const std::string deep(70000, 'x');
  expect_same_in_any_pieces(sockjs, {{text, R"(a["one","t,\"w]o\\",""])"},
                                     {text, "h"},
                                     {text, "a[\"" + deep + "\"]"},
                                     {text, R"(["a"])"}});
  expect_same_in_any_pieces(centrifugo,
                            {{text, R"({"push":{"channel":"c","pub":{}}})"
                                    "\n{}\n"
                                    R"({"id":1,"publish":{}})"},
                             {text, "{}"},
                             {text, R"({"push":{"channel":"c","pub":")" + deep + "\"}}\n{}"}});
  const std::string pub = delimited(field(4, field(2, "room:1") + field(4, deep)));
  expect_same_in_any_pieces(protobuf, {{binary, pub + std::string(1, '\0') + pub},
                                       {binary, delimited("\x08\x01" + field(7, "x"))}});
  expect_same_in_any_pieces(nats, {{binary, "PUB a 5\r\nhello\r\nPING\r\nMSG a 1 70000\r\n"},
                                   {binary, deep + "\r"},
                                   {binary, "\nMS"},
                                   {binary, "G a 1 0\r\n\r\n"},
                                   {text, "+OK\r\n"}});
}

}  // namespace
}  // namespace fanfare::test
