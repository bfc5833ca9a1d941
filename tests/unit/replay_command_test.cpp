// SPDX-License-Identifier: Apache-2.0
// `fanfare replay` as its users meet it: what it prints, its exit codes; and that a capture of the
// founding fault pages.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "agent/replay/bad_file.h"
#include "tests/support/heads.h"
#include "tests/support/replayed.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using namespace test;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint64_t second = 1000000000;
constexpr int clients = 4;
constexpr const char* config_text =
    "shards:\n"
    "  - name: chat\n"
    "    match: {listen_ports: [8080], cgroup: /unknown/to/a/capture}\n"
    "    clients: {identity: {json_key: id}}\n";

// A room: the first client publishes ten events a second, each goes to all clients, its publisher
// among them; from `fault_at` on two of three go to nobody. Ten minutes of it fit into memory.
std::vector<StampedPacket> room(int seconds, int fault_at) {
  std::vector<Talk> talks;
  for (int i = 0; i < clients; ++i) {
    auto& talk = talks.emplace_back(server_v4,
                                    Host{client_v4.address, static_cast<std::uint16_t>(40000 + i)});
    talk.open().from_client("GET / HTTP/1.1\r\n\r\n").from_server(upgrade_head());
  }
  for (int event = 0; event < 10 * seconds; ++event) {
    const std::string text = "{\"id\":\"" + std::to_string(event) + "\"}";
    talks[0].from_client(wire({.payload = text, .masked = true}));
    const bool lost = event >= 10 * fault_at && event % 3 != 0;
    for (auto& talk : talks) {
      talk.wait(10000);
      if (!lost) talk.from_server(wire({.payload = text}));
      talk.wait(second / 10);
    }
  }
  std::vector<StampedPacket> all;
  for (auto& talk : talks) all.insert(all.end(), talk.packets().begin(), talk.packets().end());
  std::ranges::stable_sort(all, {}, &StampedPacket::at_ns);
  return all;
}

struct Run {
  int code = 0;
  std::string out, err;
};

Run run(const std::string& file, bool rules, Output output = Output::table, bool config = true) {
  const TemporaryFile saved(file), yaml(config_text);
  std::ostringstream out, err;
  ReplayCommand command{.file = saved.path(), .config = {}, .rules = rules, .output = output};
  if (config) command.config = yaml.path();
  const int code = run_replay(command, {}, out, err);
  return {code, out.str(), err.str()};
}

TEST(ReplayCommand, IdentitiesAreReadAsInTheKernel) {
  const auto done = run(pcap_file(room(20, 20)), false, Output::json);
  EXPECT_EQ(done.code, 0);
  const auto result = json::parse(done.out);
  const auto& shard = result.at("shards").as_array().at(0);
  EXPECT_EQ(shard.at("shard").as_string(), "chat");
  EXPECT_EQ(count_of(shard, "accepted"), 200U);
  EXPECT_EQ(count_of(shard, "reached"), 200U);
  EXPECT_EQ(count_of(shard, "copies"), 200U * (clients - 1)) << "without the publisher's own";
  EXPECT_EQ(count_of(shard, "events_out"), 200U * clients);
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
}

TEST(ReplayCommand, TheFoundingFaultPagesWithTimeAndReason) {
  const auto file = pcap_file(room(90, 60));
  const auto done = run(file, true);
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out, HasSubstr("\nalerts\n"));
  EXPECT_THAT(done.out, HasSubstr("FanfareReachLoss firing, shard chat"));
  EXPECT_THAT(done.out, HasSubstr("why: "));
  const auto result = json::parse(run(file, true, Output::json).out);
  const auto& first = result.at("alerts").as_array().at(0);
  EXPECT_EQ(first.at("alertname").as_string(), "FanfareReachLoss");
  const double fault = 1700000000 + 60;
  EXPECT_GT(first.at("at_seconds").to_number<double>(), fault);
  EXPECT_LT(first.at("at_seconds").to_number<double>(), fault + 15);
  EXPECT_THAT(std::string(first.at("at").as_string()), HasSubstr("2023-11-14T22:14:"));
}

TEST(ReplayCommand, WithoutAFaultOrWithoutRulesNothingFires) {
  EXPECT_THAT(run(pcap_file(room(90, 90)), true).out, HasSubstr("none would have fired"));
  const auto done = run(pcap_file(room(90, 60)), false);
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, Not(HasSubstr("alerts")));
}

TEST(ReplayCommand, ACutFileIsCountedToItsEndAndRefused) {
  const auto file = pcap_file(room(5, 5));
  const auto done = run(file.substr(0, file.size() - 3), false);
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("damaged or cut off behind packet "));
  EXPECT_THAT(done.err, HasSubstr("the figures are of what stands before it"));
  EXPECT_THAT(done.out, HasSubstr("chat"));
}

TEST(ReplayCommand, RubbishIsRefusedWithWhatToDo) {
  for (const std::string& rubbish : {std::string(), std::string("rubbish"), std::string(5000, '\7'),
                                     pcap_file({}).substr(0, 20)}) {
    try {
      run(rubbish, false);
      ADD_FAILURE() << rubbish.size();
    } catch (const BadFile& error) {
      EXPECT_THAT(error.what(), HasSubstr("neither a capture (pcap, pcapng) nor a recording"));
      EXPECT_THAT(error.what(), HasSubstr("tcpdump -w FILE"));
    }
  }
  try {
    run(pcap_file({}, {.link = 105}), false);
    ADD_FAILURE();
  } catch (const BadFile& error) {
    EXPECT_THAT(error.what(), HasSubstr("its link layer is 802.11"));
  }
}

TEST(ReplayCommand, AnEmptyCaptureHasNoFlows) {
  const auto done = run(pcap_file({}), true);
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, HasSubstr("flows: none"));
  EXPECT_THAT(done.out, HasSubstr("0 packets"));
}

TEST(ReplayCommand, AnHourOfSilenceIsPassedOver) {
  auto packets = room(2, 2);
  for (auto& packet : packets)
    if (packet.at_ns > 1700000001ULL * second) packet.at_ns += 1000000 * second;
  const auto done = run(pcap_file(packets), false, Output::json);
  EXPECT_THAT(done.out, HasSubstr("1 silence of more than an hour passed over"));
}

}  // namespace
}  // namespace fanfare
