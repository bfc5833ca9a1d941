// SPDX-License-Identifier: Apache-2.0
// Inbound is exact whatever the network does: segments lost, doubled and out of order before they
// reach the receiver, on one CPU and on both at once. The truth is what the receiving program read.
#include "tests/kernel/ingress_fixture.h"
#include "tests/support/decode.h"
#include "tests/support/mqtt.h"
#include "tests/support/raft.h"
#include "tests/support/raft_decode.h"

namespace fanfare::test {
namespace {

const Classes by_type{.events = Subprotocol::match,
                      .prefix = {},
                      .event_key = {"type", {"new"}},
                      .heartbeats = {"type", {"beat"}}};
const Identity by_id{.kind = Identity::Kind::json_key, .key = "id"};

TEST_P(IngressTest, websocket_of_all_sizes) {
  attach();
  const Pair pair = chat();
  Dice dice(GetParam().seed);
  StreamBuilder stream;
  for (int i = 0; i < 6000; ++i)
    stream.message(random_text(dice), {.opcode = binary,
                                       .fragment = dice.one_in(10) ? 100U : SIZE_MAX,
                                       .masked = true,
                                       .pings_between = dice.one_in(50)});
  send_inbound(pair, stream.bytes(), 20000);
  expect_faults();
  EXPECT_EQ(Decoder(stream.bytes()).all(), stream.truth()) << "the server's own count";
  EXPECT_EQ(counts(flow(pair.server).in), stream.truth());
}

TEST_P(IngressTest, websocket_one_message_a_segment) {
  attach();
  const Pair pair = chat();
  StreamBuilder stream;
  for (int i = 0; i < 5000; ++i) stream.message(std::string(90, 's'), {.masked = true});
  send_inbound(pair, stream.bytes(), stream.borders().at(1));
  expect_faults();
  EXPECT_EQ(counts(flow(pair.server).in), stream.truth());
}

TEST_P(IngressTest, identities_and_classes) {
  attach({.sockets = 64,
          .identities = 16384,
          .shards = {{.identity = by_id,
                      .classes = by_type,
                      .client_ports = {port_of(listener_)},
                      .replication_ports = {}}}});
  read();
  const Pair pair = chat();
  Dice dice(GetParam().seed);
  StreamBuilder stream;
  ClassCounts due;
  for (int i = 0; i < 5000; ++i) {
    const bool beat = dice.one_in(4);
    const std::string payload = R"({"type":")" + std::string(beat ? "beat" : "new") + R"(","id":)" +
                                std::to_string(i) + R"(,"text":")" +
                                std::string(dice.between(0, 400), 'x') + R"("})";
    stream.message(payload, {.masked = true});
    ++due.messages.at(beat ? FANFARE_HEARTBEAT : FANFARE_EVENT);
    due.bytes.at(beat ? FANFARE_HEARTBEAT : FANFARE_EVENT) += payload.size();
  }
  send_inbound(pair, stream.bytes(), 3000);
  expect_faults();
  EXPECT_EQ(class_counts(flow(pair.server).in), due);
  EXPECT_EQ(read().reach.at(0).accepted, due.messages[FANFARE_EVENT]);
  EXPECT_EQ(read().reach.at(0).unidentified, 0U);
}

TEST_P(IngressTest, replication) {
  attach({.sockets = 64,
          .shards = {{.identity = {},
                      .classes = {},
                      .client_ports = {},
                      .replication_ports = {port_of(listener_)}}}});
  Pair pair;
  clients_.run([&] { pair = connect_pair(listener_, server()); });
  Dice dice(GetParam().seed);
  std::string stream;
  for (std::uint64_t index = 2; index < 20000;) {
    const auto entries = dice.one_in(50) ? 64 : dice.between(1, 4);
    stream += append_request(log_entries(index, entries));
    index += entries;
  }
  send_inbound(pair, stream, 5000);
  expect_faults();
  EXPECT_EQ(rpcs(flow(pair.server).in), RaftDecoder(stream, false).complete());
}

// Publishes of every size and acknowledgement, some of them for the second time, and what stands
// between them.
TEST_P(IngressTest, mqtt) {
  attach({.sockets = 64,
          .shards = {{.identity = {},
                      .protocol = ClientProtocol::mqtt,
                      .protocol_ports = {port_of(listener_)}}}});
  Pair pair;
  clients_.run([&] { pair = connect_pair(listener_, server()); });
  Dice dice(GetParam().seed);
  std::string stream = mqtt_connect(4);
  for (int i = 0; i < 5000; ++i) {
    if (dice.one_in(5)) stream += dice.one_in(2) ? pingreq : mqtt_packet(0x40, "\1\2");
    const auto qos = static_cast<unsigned>(dice.below(3));
    stream += publish({.payload = random_text(dice), .qos = qos, .dup = qos && dice.one_in(10)});
  }
  send_inbound(pair, stream, 5000);
  expect_faults();
  EXPECT_TRUE(MqttDecoder(stream, true).is_legal());
  EXPECT_EQ(class_counts(flow(pair.server).in), MqttDecoder(stream, true).counted());
}

INSTANTIATE_TEST_SUITE_P(Networks, IngressTest,
                         testing::Values(Faults{.cpus = 1}, Faults{.cpus = 2}, bad(1, 1), bad(2, 1),
                                         bad(3, 2), bad(4, 2), bad(5, 2)),
                         name_of);

}  // namespace
}  // namespace fanfare::test
