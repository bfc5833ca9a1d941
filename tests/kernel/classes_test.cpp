// SPDX-License-Identifier: Apache-2.0
// Classes with the real programs: events, heartbeats and the rest are told by what stands inside of
// the WebSocket messages, both ways, on the ports that are configured and on no other.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "agent/config/config_values.h"
#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

const Classes socketio{
    .events = Subprotocol::socketio, .prefix = {}, .event_key = {}, .heartbeats = {}};
const Classes by_type{.events = Subprotocol::match,
                      .prefix = {},
                      .event_key = {"type", {"message.new", "reaction.new"}},
                      .heartbeats = {"type", {"health.check"}}};
const Classes by_prefix{
    .events = Subprotocol::match, .prefix = "EVT|", .event_key = {}, .heartbeats = {}};

// How often each class is expected: event, heartbeat, other.
struct Expected {
  std::uint64_t events, heartbeats, others;
};

class ClassesTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  void start(const Classes& classes, const Identity& identity = {}) {
    attach({.sockets = 64,
            .shards = {
                {.identity = identity, .classes = classes, .client_ports = {port_of(listener_)}}}});
  }

  void expect(const fanfare_direction& direction, const Expected& expected, std::uint64_t bytes) {
    const auto& by_class = direction.tally.by_class;
    EXPECT_EQ(by_class[FANFARE_EVENT].messages, expected.events);
    EXPECT_EQ(by_class[FANFARE_HEARTBEAT].messages, expected.heartbeats);
    EXPECT_EQ(by_class[FANFARE_OTHER].messages, expected.others);
    EXPECT_EQ(by_class[FANFARE_EVENT].bytes + by_class[FANFARE_HEARTBEAT].bytes +
                  by_class[FANFARE_OTHER].bytes,
              bytes);
  }

  Fd listener_;
};

struct Message {
  unsigned opcode;
  std::string payload;
};

// Through the pair in one direction: one send() each, then all in one, then in pieces of 3 bytes.
// Returns the payload bytes.
std::uint64_t pass(const Fd& from, const Fd& to, const std::vector<Message>& messages,
                   bool masked) {
  std::uint64_t bytes = 0;
  std::string all;
  for (const auto& message : messages) {
    const auto frame =
        wire({.opcode = message.opcode, .payload = message.payload, .masked = masked});
    send_all(from, frame);
    all += frame;
    bytes += 3 * message.payload.size();
  }
  send_all(from, all);
  for (std::size_t at = 0; at < all.size(); at += 3) send_all(from, all.substr(at, 3));
  receive(to, 3 * all.size());
  return bytes;
}

TEST_F(ClassesTest, socketio_both_ways) {
  start(socketio);
  const auto pair = upgraded_pair(listener_);
  const std::vector<Message> messages{
      {text, R"(0{"sid":"x","pingInterval":25000})"},
      {text, R"(40{"sid":"y"})"},
      {text, R"(42["message","hello"])"},
      {text, R"(42/room,7["message",")" + std::string(3000, 'x') + "\"]"},
      {text, R"(451-["file",{"_placeholder":true,"num":0}])"},
      {binary, "42 bytes of an attachment"},
      {text, "43/room,7[]"},
      {text, "2"},
      {text, "3"},
      {text, ""},
  };
  const auto out = pass(pair.server, pair.client, messages, false);
  const auto in = pass(pair.client, pair.server, messages, true);
  const auto record = flow(pair.server);
  expect(record.out, {9, 6, 15}, out);
  expect(record.in, {9, 6, 15}, in);
}

TEST_F(ClassesTest, by_json_key_and_by_prefix) {
  start(by_type);
  const auto pair = upgraded_pair(listener_);
  const std::vector<Message> messages{
      {text, R"({"type":"message.new","text":"hello"})"},
      {text, R"({"cid":"room:1", "type" : "reaction.new"})"},
      {binary, R"({"type":"health.check"})"},
      {text, R"({"type":"typing.start"})"},
      {text, R"({"text":")" + std::string(200, 'x') + R"(","type":"message.new"})"},
  };
  expect(flow(pair.server).out, {}, 0);
  const auto out = pass(pair.server, pair.client, messages, false);
  const auto in = pass(pair.client, pair.server, messages, true);
  const auto record = flow(pair.server);
  expect(record.out, {6, 3, 6}, out);
  expect(record.in, {6, 3, 6}, in);
}

TEST_F(ClassesTest, by_prefix) {
  start(by_prefix);
  const auto pair = upgraded_pair(listener_);
  const std::vector<Message> messages{{text, "EVT|a"}, {text, "EVT"}, {text, "EVTX|"}};
  const auto out = pass(pair.server, pair.client, messages, false);
  const auto in = pass(pair.client, pair.server, messages, true);
  expect(flow(pair.server).out, {3, 0, 6}, out);
  expect(flow(pair.server).in, {3, 0, 6}, in);
}

struct Conversation {
  Subprotocol protocol;
  std::vector<Message> out;
  Expected out_expected;
  std::vector<Message> in;
  Expected in_expected;
};

void PrintTo(const Conversation& conversation, std::ostream* out) {
  *out << name_of(conversation.protocol);
}

const std::string long_text(3000, 'x');

const Conversation conversations[] = {
    {Subprotocol::phoenix,
     {{text, R"([null,null,"room:1","said",{"a":1}])"},
      {text, R"([null,"7","phoenix","phx_reply",{}])"},
      {text, R"(["1","2","room:1","phx_reply",{}])"},
      {binary, "\2\6\4room:1said" + long_text}},
     {2, 1, 1},
     {{text, R"(["1","1","room:1","phx_join",{}])"}, {text, R"(["1","2","room:1","said",{}])"}},
     {1, 0, 1}},
    {Subprotocol::sockjs,
     {{text, "o"}, {text, "h"}, {text, R"(a["one","t\"wo",")" + long_text + "\"]"}},
     {3, 1, 1},
     {{text, R"(["one","two"])"}},
     {2, 0, 0}},
    {Subprotocol::centrifugo,
     {{text, R"({"push":{"channel":"c","pub":{"data":")" + long_text + "\"}}}\n{}\n{\"id\":1}"}},
     {1, 1, 1},
     {{text, R"({"id":2,"publish":{"channel":"c"}})"}, {text, "{}"}},
     {1, 1, 0}},
    {Subprotocol::centrifugo_protobuf,
     {{binary, std::string("\x09\x22\x07\x12\x01"
                           "c\x22\x02xx\0\x02\x08\x07",
                           14)}},
     {1, 1, 1},
     {{binary, std::string("\x04\x08\x01\x3a\0\0", 6)}},
     {1, 1, 0}},
    {Subprotocol::xmpp,
     {{text, "<message>" + long_text}, {text, "<presence/>"}, {text, "<r/>"}},
     {1, 1, 1},
     {{text, "<message/>"}, {text, "<a h='1'/>"}},
     {1, 1, 0}},
    {Subprotocol::stomp,
     {{text, "MESSAGE\n\n" + long_text}, {text, "\n"}, {text, "RECEIPT\n\n"}},
     {1, 1, 1},
     {{text, "SEND\n\n" + long_text}, {text, "\n"}, {text, "MESSAGE\n\n"}},
     {1, 1, 1}},
    {Subprotocol::graphql_ws,
     {{text, R"({"id":"1","type":"next"})"}, {text, R"({"type":"ping"})"}},
     {1, 1, 0},
     {{text, R"({"type":"connection_init"})"}, {text, R"({"id":"1","type":"subscribe"})"}},
     {1, 0, 1}},
    {Subprotocol::nats,
     {{binary, "INFO {}\r\nMSG a 1 3000\r\n" + long_text},
      {binary, "\r\nPING\r\nMSG a 1 2\r\nhi"},
      {binary, "\r\n"}},
     {2, 1, 1},
     {{binary, "CONNECT {}\r\nPUB a 5\r\nhello\r\nPO"}, {binary, "NG\r\n"}},
     {1, 1, 1}},
};

class EachProtocol : public ClassesTest, public testing::WithParamInterface<Conversation> {};

TEST_P(EachProtocol, both_ways) {
  const auto& [protocol, out, out_expected, in, in_expected] = GetParam();
  start({.events = protocol, .prefix = {}, .event_key = {}, .heartbeats = {}});
  const auto pair = upgraded_pair(listener_);
  const auto out_bytes = pass(pair.server, pair.client, out, false);
  const auto in_bytes = pass(pair.client, pair.server, in, true);
  const auto thrice = [](const Expected& once) {
    return Expected{3 * once.events, 3 * once.heartbeats, 3 * once.others};
  };
  const auto record = flow(pair.server);
  expect(record.out, thrice(out_expected), out_bytes);
  expect(record.in, thrice(in_expected), in_bytes);
}

INSTANTIATE_TEST_SUITE_P(Protocols, EachProtocol, testing::ValuesIn(conversations),
                         [](const auto& parameter) {
                           std::string name(name_of(parameter.param.protocol));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// In one message of many fragments, with pings between them.
TEST_F(ClassesTest, fragments_are_one_message) {
  start(by_type);
  const auto pair = upgraded_pair(listener_);
  StreamBuilder stream;
  stream.message(R"({"type":"message.new","text":"hello"})",
                 {.fragment = 5, .empty_end = true, .pings_between = true});
  stream.message(R"({"type":"health.check"})", {.fragment = 1});
  send_all(pair.server, stream.bytes());
  receive(pair.client, stream.bytes().size());
  const auto record = flow(pair.server);
  expect(record.out, {1, 1, 0}, stream.truth().event_bytes);
  EXPECT_EQ(record.out.tally.by_class[FANFARE_CONTROL].messages, stream.truth().controls);
}

TEST_F(ClassesTest, other_ports_are_not_read) {
  const auto other = listen_on();
  start(socketio);
  const auto pair = upgraded_pair(other);
  const auto bytes = pass(pair.server, pair.client, {{text, "2"}, {text, "42[]"}}, false);
  expect(flow(pair.server).out, {6, 0, 0}, bytes);
}

// Only events have an identity.
TEST_F(ClassesTest, reach_is_that_of_events) {
  start(by_type, {.kind = Identity::Kind::json_key, .key = "id"});
  const auto publisher = upgraded_pair(listener_), receiver = upgraded_pair(listener_);
  const std::string event = R"({"type":"message.new","id":"e1"})";
  const std::string heartbeat = R"({"type":"health.check","id":"h1"})";
  const auto in =
      wire({.payload = event, .masked = true}) + wire({.payload = heartbeat, .masked = true});
  send_all(publisher.client, in);
  receive(publisher.server, in.size());
  const auto out = wire({text, event}) + wire({text, heartbeat}) + wire({text, "{}"});
  send_all(receiver.server, out);
  receive(receiver.client, out.size());
  const auto reach = read().reach.at(0);
  EXPECT_EQ(reach.accepted, 1U);
  EXPECT_EQ(reach.reached, 1U);
  EXPECT_EQ(reach.copies, 1U);
  EXPECT_EQ(reach.unidentified, 0U);
}

// A socket that is older than the agent: other until its lock is proven, then told.
TEST_F(ClassesTest, older_sockets_are_told_when_their_lock_is_proven) {
  const auto pair = upgraded_pair(listener_);
  start(socketio);
  constexpr std::size_t messages = 40;
  for (std::size_t i = 0; i < messages; ++i) {
    const auto bytes = wire({text, R"(42["message","hello"])"});
    send_all(pair.server, bytes);
    receive(pair.client, bytes.size());
  }
  const auto& by_class = flow(pair.server).out.tally.by_class;
  EXPECT_EQ(by_class[FANFARE_OTHER].messages, FANFARE_PROOF_FRAMES);
  EXPECT_EQ(by_class[FANFARE_EVENT].messages,
            messages - FANFARE_LOCK_FRAMES - FANFARE_PROOF_FRAMES);
}

TEST_F(ClassesTest, compressed_messages_are_other_and_named) {
  start(socketio);
  const auto pair = connect_pair(listener_);
  const auto head = deflate_head();
  send_all(pair.server, head);
  receive(pair.client, head.size());
  const std::string stored("\0\6\0\xf9\xff", 5);
  const auto bytes = wire({.payload = "\x32\x31\x8a\x56\x2a", .rsv = 4}) +
                     wire({.payload = stored + "42[\"s\"" + std::string(1, '\0'), .rsv = 4}) +
                     wire({text, "42[]"});
  send_all(pair.server, bytes);
  receive(pair.client, bytes.size());
  const auto& by_class = flow(pair.server).out.tally.by_class;
  EXPECT_EQ(by_class[FANFARE_EVENT].messages, 2U);
  EXPECT_EQ(by_class[FANFARE_OTHER].messages, 1U);
  expect_loss(FANFARE_LOSS_COMPRESSED, 1);
}

}  // namespace
}  // namespace fanfare::test
