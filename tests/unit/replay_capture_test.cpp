// SPDX-License-Identifier: Apache-2.0
// Captures of whole connections, replayed: the counts of each flow, and who is server.
#include <gmock/gmock.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/dice.h"
#include "tests/support/heads.h"
#include "tests/support/replayed.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using namespace test;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t millisecond = 1000000;

std::string recorded(const std::string& file) {
  std::ifstream in(FANFARE_SOURCE_DIR "/tests/captures/" + file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string events(int count, bool masked, std::size_t size = 30) {
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += wire({.payload = std::string(size, 'e'), .masked = masked});
  return bytes;
}

Talk chat(int out, int in, const Host& server = server_v4, const Host& client = client_v4) {
  Talk talk(server, client, 0xfffffff0);
  talk.open().from_client("GET / HTTP/1.1\r\n\r\n").from_server(upgrade_head());
  for (int i = 0; i < std::max(out, in); ++i) {
    if (i < in) talk.from_client(events(1, true));
    if (i < out) talk.from_server(events(1, false));
    talk.wait(10 * millisecond);
  }
  return talk;
}

json::value only_flow(const json::object& result) {
  const auto& flows = result.at("flows").as_array();
  EXPECT_THAT(flows, SizeIs(1));
  return flows.empty() ? json::value(json::object{}) : flows[0];
}

void expect_chat(const json::object& result, std::uint64_t out, std::uint64_t in) {
  const auto flow = only_flow(result);
  EXPECT_EQ(count_of(flow, "events_out"), out);
  EXPECT_EQ(count_of(flow, "events_in"), in);
  EXPECT_EQ(count_of(flow, "frames_out"), out);
  EXPECT_EQ(count_of(flow, "frames_in"), in);
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  EXPECT_EQ(flow.at("protocol").as_string(), "websocket");
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
}

TEST(ReplayCapture, CountsBothDirectionsOfAFlow) {
  auto talk = chat(40, 25);
  const auto result = replayed(pcap_file(talk.packets()));
  expect_chat(result, 40, 25);
  const auto flow = only_flow(result);
  EXPECT_EQ(flow.at("src").as_string(), "10.0.0.1:8080");
  EXPECT_EQ(flow.at("dst").as_string(), "10.0.0.9:40000");
  EXPECT_EQ(flow.at("shard").as_string(), "10.0.0.1:8080");
  EXPECT_EQ(flow.at("open").as_bool(), true);
  EXPECT_EQ(count_of(flow, "bytes_out"), upgrade_head().size() + 40 * 32);
  EXPECT_EQ(count_of(flow, "bytes_in"), 25U * 36);
}

TEST(ReplayCapture, EveryFileFormatGivesTheSame) {
  auto talk = chat(7, 5);
  for (const bool big : {false, true})
    for (const bool nanoseconds : {false, true}) {
      const FileShape shape{.nanoseconds = nanoseconds, .big = big};
      const auto pcap = replayed(pcap_file(talk.packets(), shape));
      expect_chat(pcap, 7, 5);
      const auto pcapng = replayed(pcapng_file(talk.packets(), shape));
      EXPECT_EQ(pcap, pcapng) << big << nanoseconds;
    }
}

TEST(ReplayCapture, EveryLinkLayerGivesTheSame) {
  const std::string cooked(14, '\0'), behind(18, '\0');
  const std::vector<std::pair<LinkType, std::pair<std::string, std::string>>> layers{
      {link_raw, {"", ""}},
      {link_ipv4, {"", ""}},
      {link_ethernet, {std::string(12, '\0'), ""}},
      {link_cooked, {cooked, ""}},
      {link_cooked2, {"", behind}},
      {link_null, {std::string("\2\0\0\0", 4), "-"}},
      {link_loop, {std::string("\0\0\0\2", 4), "-"}}};
  for (const auto& [link, around] : layers) {
    auto talk = chat(7, 5);
    const bool typed = around.second != "-" && link != link_raw && link != link_ipv4;
    for (auto& packet : talk.packets())
      packet.bytes =
          around.first + (typed ? big_endian(0x0800, 2) + around.second : "") + packet.bytes;
    SCOPED_TRACE(link);
    expect_chat(replayed(pcap_file(talk.packets(), {.link = link})), 7, 5);
  }
  auto talk = chat(7, 5, server_v6, client_v6);
  const auto result = replayed(pcap_file(talk.packets(), {.link = link_ipv6}));
  expect_chat(result, 7, 5);
  EXPECT_EQ(only_flow(result).at("src").as_string(), "[2001:db8::1]:8080");
}

TEST(ReplayCapture, StreamsOfRealServersCountTheirTruth) {
  struct Known {
    const char* file;
    std::uint64_t events, controls, frames;
  };
  // The truth of tests/unit/captures_test.cpp.
  for (const auto& [file, events_out, control_out, frames_out] :
       {Known{"ws-beast.00.bin", 5, 1, 24},
        {"ws-gorilla.00.bin", 9, 1, 14},
        {"ws-node-pmd.00.bin", 10, 1, 11},
        {"socketio.00.bin", 11, 0, 11},
        {"nats-2.9.10-ws.00.bin", 7, 1, 8}}) {
    Talk talk(server_v4, client_v4);
    talk.open().from_server(recorded(file));
    const auto flow = only_flow(replayed(pcap_file(talk.packets())));
    EXPECT_EQ(count_of(flow, "events_out"), events_out) << file;
    EXPECT_EQ(count_of(flow, "control_out"), control_out) << file;
    EXPECT_EQ(count_of(flow, "frames_out"), frames_out) << file;
  }
}

TEST(ReplayCapture, DisorderOnTheWayChangesNothing) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    auto talk = chat(60, 40);
    auto& packets = talk.packets();
    const std::size_t head = 5;  // what follows the 101
    for (int i = 0; i < 30; ++i) {
      const auto at = dice.between(head, packets.size() - 2);
      if (dice.one_in(3))  // sent once more
        packets.insert(packets.begin() + static_cast<std::ptrdiff_t>(at),
                       {packets[at].at_ns, packets[dice.below(at)].bytes});
      else
        std::swap(packets[at].bytes, packets[at + 1].bytes);
    }
    expect_chat(replayed(pcap_file(packets)), 60, 40);
  }
}

TEST(ReplayCapture, AConnectionThatIsOverIsListedOnce) {
  auto talk = chat(5, 3);
  talk.close().wait(5000 * millisecond);
  auto later = chat(2, 0, server_v4, {client_v4.address, 40001});
  for (auto& packet : later.packets()) packet.at_ns += 4000 * millisecond;
  auto packets = talk.packets();
  packets.insert(packets.end(), later.packets().begin(), later.packets().end());
  const auto result = replayed(pcap_file(packets));
  const auto& flows = result.at("flows").as_array();
  ASSERT_THAT(flows, SizeIs(2));
  EXPECT_EQ(count_of(flows[0], "events_out"), 5U);
  EXPECT_EQ(flows[0].at("open").as_bool(), false);
  EXPECT_EQ(count_of(flows[1], "events_out"), 2U);
  const auto& shard = result.at("shards").as_array().at(0);
  EXPECT_EQ(count_of(shard, "events_out"), 7U);
  EXPECT_EQ(count_of(shard, "opened"), 2U);
  EXPECT_EQ(count_of(shard.at("closed"), "local"), 1U);
}

TEST(ReplayCapture, PortsUsedAgainAreAnotherConnection) {
  auto first = chat(5, 0);
  Talk other(server_v4, client_v4, 77, 7777);
  other.wait(2000 * millisecond).open().from_server(upgrade_head()).from_server(events(3, false));
  auto packets = first.packets();
  packets.insert(packets.end(), other.packets().begin(), other.packets().end());
  const auto result = replayed(pcap_file(packets));
  const auto& flows = result.at("flows").as_array();
  ASSERT_THAT(flows, SizeIs(2));
  EXPECT_EQ(count_of(result.at("shards").as_array().at(0), "events_out"), 8U);
}

TEST(ReplayCapture, WithoutItsHandshakeAFlowIsSearchedAndItsServerFound) {
  auto talk = chat(60, 60);
  auto& packets = talk.packets();
  packets.erase(packets.begin(), packets.begin() + 11);  // handshake, 101, three messages each way
  // Away from the lower port: only the masks tell who serves.
  Talk swapped({server_v4.address, 50000}, {client_v4.address, 40000});
  swapped.open().from_server(upgrade_head());
  for (int i = 0; i < 40; ++i)
    swapped.from_server(events(1, false)).from_client(events(1, true)).wait(60 * millisecond);
  auto& others = swapped.packets();
  others.erase(others.begin(), others.begin() + 4);
  for (const auto* old : {&packets, &others}) {
    const auto flow = only_flow(replayed(pcap_file(*old)));
    EXPECT_EQ(flow.at("state").as_string(), "synced");
    EXPECT_EQ(flow.at("opened_seconds").is_null(), true);
    EXPECT_GT(count_of(flow, "events_out"), 25U);
    EXPECT_LE(count_of(flow, "events_out"), 57U);
  }
  EXPECT_EQ(only_flow(replayed(pcap_file(others))).at("src").as_string(), "10.0.0.1:50000");
}

TEST(ReplayCapture, SegmentsThatTheSnapLengthCutCountWherePayloadIsAllThatLacks) {
  Talk talk(server_v4, client_v4);
  talk.open().from_server(upgrade_head());
  for (int i = 0; i < 10; ++i) talk.from_server(events(1, false, 600));
  for (auto& packet : talk.packets()) {
    packet.wire = static_cast<std::uint32_t>(packet.bytes.size());
    if (packet.bytes.size() > 400) packet.bytes.resize(96);
  }
  const auto result = replayed(pcap_file(talk.packets()));
  EXPECT_EQ(count_of(only_flow(result), "events_out"), 10U);
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
  EXPECT_THAT(json::serialize(result.at("notes")), ::testing::HasSubstr("10 segments are cut"));
}

TEST(ReplayCapture, SegmentsThatTheSnapLengthCutAreNamedWhereHeadersLack) {
  Talk talk(server_v4, client_v4);
  talk.open().from_server(upgrade_head()).from_server(events(20, false));
  auto& cut = talk.packets().back();
  cut.wire = static_cast<std::uint32_t>(cut.bytes.size());
  cut.bytes.resize(140);  // three messages and a part
  talk.from_server(events(1, false));
  const auto result = replayed(pcap_file(talk.packets()));
  const auto flow = only_flow(result);
  EXPECT_EQ(flow.at("state").as_string(), "unsynced");
  EXPECT_EQ(flow.at("reason").as_string(), "payload");
  EXPECT_EQ(count_of(flow, "events_out"), 3U);
  EXPECT_EQ(result.at("losses"), (json::object{{"payload", 1}}));
}

TEST(ReplayCapture, AHoleInTheCaptureIsNamedAndTheFlowFoundAgain) {
  auto talk = chat(40, 0);
  auto& packets = talk.packets();
  packets.erase(packets.begin() + 10);
  const auto result = replayed(pcap_file(packets));
  EXPECT_EQ(result.at("losses"), (json::object{{"egress_hole", 1}}));
  const auto flow = only_flow(result);
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  EXPECT_LT(count_of(flow, "events_out"), 40U);
}

TEST(ReplayCapture, AHeadThatIsNotWholeIsSearched) {
  auto talk = chat(40, 40);
  auto& packets = talk.packets();
  auto& upgrade = packets.at(4);
  upgrade.wire = static_cast<std::uint32_t>(upgrade.bytes.size());
  upgrade.bytes.resize(60);
  const auto result = replayed(pcap_file(packets));
  const auto flow = only_flow(result);
  EXPECT_EQ(flow.at("state").as_string(), "synced");
  EXPECT_GT(count_of(flow, "events_out"), 25U);
  EXPECT_EQ(result.at("losses"), (json::object{{"payload", 1}}));
}

TEST(ReplayCapture, HttpAndOtherTrafficAreNoFlows) {
  Talk http(server_v4, client_v4);
  http.open().from_client("GET / HTTP/1.1\r\n\r\n").from_server(head("HTTP/1.1 200 OK", {"A: b"}));
  Talk ssh({server_v4.address, 22}, client_v4);
  ssh.open().from_server("SSH-2.0-x\r\n").from_client(std::string(5000, 's'));
  auto packets = http.packets();
  packets.insert(packets.end(), ssh.packets().begin(), ssh.packets().end());
  const auto result = replayed(pcap_file(packets));
  EXPECT_THAT(result.at("flows").as_array(), IsEmpty());
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
}

TEST(ReplayCapture, MoreConnectionsThanTheLimitAreANamedLoss) {
  Config config;
  config.limits.sockets = 1;
  auto packets = chat(5, 3).packets();
  const auto more = chat(2, 0, server_v4, {client_v4.address, 40001}).packets();
  packets.insert(packets.end(), more.begin(), more.end());
  const auto result = replayed(pcap_file(packets), config);
  EXPECT_THAT(result.at("flows").as_array(), SizeIs(1));
  EXPECT_EQ(result.at("losses"), (json::object{{"flow_map_full", 1}}));
}

struct Pair {
  const char* requests;
  const char* answers;
  std::uint64_t entries;  // see raft_captures_test.cpp
};

class ReplayRaft : public testing::TestWithParam<Pair> {};

TEST_P(ReplayRaft, AConnectionBetweenNodesIsSeenFromBothEnds) {
  Config config;
  config.shards = {
      {.name = "chat", .match = {}, .replication = Replication{.ports = {7000}, .peers = {}}}};
  const auto file = [](const char* name) {
    return recorded("hashicorp-raft-" + std::string(name) + ".bin");
  };
  Talk talk({server_v4.address, 7000}, client_v4);
  talk.open().from_client(file(GetParam().requests)).from_server(file(GetParam().answers));
  const auto result = replayed(pcap_file(talk.packets()), config);
  const auto& flows = result.at("flows").as_array();
  ASSERT_THAT(flows, SizeIs(2));
  for (const auto& flow : flows) {
    const bool dialled = flow.at("src").as_string() == "10.0.0.9:40000";
    EXPECT_EQ(flow.at("protocol").as_string(), "hashicorp-raft");
    EXPECT_EQ(flow.at("shard").as_string(), "chat");
    EXPECT_EQ(flow.at("state").as_string(), "synced");
    EXPECT_EQ(count_of(flow, dialled ? "entries_out" : "entries_in"), GetParam().entries);
    EXPECT_EQ(count_of(flow, dialled ? "entries_in" : "entries_out"), 0U);
  }
  EXPECT_THAT(result.at("losses").as_object(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Captures, ReplayRaft,
    testing::Values(Pair{"1.8.0.00", "1.8.0.01", 310}, Pair{"1.1.2.00", "1.1.2.01", 310},
                    Pair{"1.5.0.00", "1.5.0.04", 201}, Pair{"1.5.0.02", "1.5.0.07", 201},
                    Pair{"1.5.0.01", "1.5.0.06", 0}, Pair{"1.5.0.03", "1.5.0.05", 0}));

}  // namespace
}  // namespace fanfare
