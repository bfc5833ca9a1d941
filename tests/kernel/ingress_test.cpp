// SPDX-License-Identifier: Apache-2.0
// Inbound is exact whatever the network does: segments lost, doubled and out of order before they
// reach the receiver, on one CPU and on both at once. The truth is what the receiving program read.
#include <sys/socket.h>

#include <chrono>
#include <future>
#include <optional>
#include <ostream>
#include <string>
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/decode.h"
#include "tests/support/dice.h"
#include "tests/support/netns.h"
#include "tests/support/raft.h"
#include "tests/support/raft_decode.h"
#include "tests/support/relay.h"

namespace fanfare::test {
void PrintTo(const Faults& faults, std::ostream* out) {
  *out << faults.drop_percent << " % dropped, " << faults.twice_percent << " % twice, "
       << faults.late_percent << " % late, seed " << faults.seed << ", " << faults.cpus << " CPUs";
}

namespace {

const Classes by_type{.events = Subprotocol::match,
                      .prefix = {},
                      .event_key = {"type", {"new"}},
                      .heartbeats = {"type", {"beat"}}};
const Identity by_id{.kind = Identity::Kind::json_key, .key = "id"};

class IngressTest : public KernelTest, public testing::WithParamInterface<Faults> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    if (!can_relay()) GTEST_SKIP() << no_relay;
    relay_.emplace(servers_, clients_, GetParam());
    servers_.run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    // A hole may stay for long (its retransmission is lost too): no more than 1 MB is held past it.
    set_option(listener_, SOL_SOCKET, SO_RCVBUF, 400000);
  }

  Endpoint server() const { return {"10.99.0.1", port_of(listener_)}; }
  Pair chat() {
    Pair pair;
    clients_.run([&] { pair = upgraded_pair(listener_, server()); });
    return pair;
  }

  // The client sends `bytes` in writes of up to `write` bytes while the server reads them.
  static void send_inbound(const Pair& pair, const std::string& bytes, std::size_t write) {
    auto reading =
        std::async(std::launch::async, [&] { return receive(pair.server, bytes.size()); });
    for (std::size_t at = 0; at < bytes.size(); at += write)
      send_all(pair.client, std::string_view(bytes).substr(at, write));
    expect_same_bytes(reading.get(), bytes);
  }

  void expect_faults() const {
    const Faults& faults = GetParam();
    EXPECT_EQ(relay_->dropped() > 0, faults.drop_percent > 0) << "the test provoked nothing";
    EXPECT_EQ(relay_->twice() > 0, faults.twice_percent > 0) << "the test provoked nothing";
    EXPECT_EQ(relay_->late() > 0, faults.late_percent > 0) << "the test provoked nothing";
  }

  Netns servers_, clients_;
  std::optional<Relay> relay_;
  Fd listener_;
};

std::string random_text(Dice& dice) {
  const std::size_t most = dice.one_in(200) ? 70000 : dice.one_in(20) ? 5000 : 300;
  return dice.bytes(dice.between(0, most));
}

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

constexpr Faults bad(std::uint64_t seed, unsigned cpus) {
  return {.drop_percent = 2, .twice_percent = 2, .late_percent = 3, .seed = seed, .cpus = cpus};
}

INSTANTIATE_TEST_SUITE_P(Networks, IngressTest,
                         testing::Values(Faults{.cpus = 1}, Faults{.cpus = 2}, bad(1, 1), bad(2, 1),
                                         bad(3, 2), bad(4, 2), bad(5, 2)),
                         [](const auto& tested) {
                           const Faults& faults = tested.param;
                           return std::string(faults.drop_percent ? "bad" : "good") + "_seed" +
                                  std::to_string(faults.seed) + "_cpus" +
                                  std::to_string(faults.cpus);
                         });

}  // namespace
}  // namespace fanfare::test
