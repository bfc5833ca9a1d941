// SPDX-License-Identifier: Apache-2.0
// The selftest's traffic against an independent reader of frames, and its verdict against an agent
// that answers for the real loopback sockets of this process.
#include <dirent.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/json/parse.hpp>
#include <set>
#include <sstream>

#include "agent/cli/run_command.h"
#include "agent/cli/selftest.h"
#include "agent/cli/selftest_traffic.h"
#include "agent/cli/selftest_verdict.h"
#include "agent/cli/websocket_bytes.h"
#include "tests/unit/cli_fake_agent.h"

namespace fanfare {
namespace {

using cli_test::FakeAgent;
using cli_test::http_answer;

struct Read {
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;
  std::uint64_t controls = 0;
  std::uint64_t fragments = 0;
  std::set<unsigned> length_codes;  // 126: 16 bits, 127: 64 bits, else the length itself
  std::string last_payload;
};

// Reads by RFC 6455 alone; `masked` is what the sender must do.
Read read_frames(const std::string& bytes, bool masked) {
  Read read;
  const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); };
  std::size_t at = 0;
  while (at < bytes.size()) {
    const unsigned first = byte(at);
    const unsigned code = byte(at + 1) & 0x7fU;
    EXPECT_EQ((byte(at + 1) & 0x80U) != 0, masked);
    read.length_codes.insert(code);
    at += 2;
    const int wide = code == 126 ? 2 : code == 127 ? 8 : 0;
    std::uint64_t length = wide == 0 ? code : 0;
    for (int i = 0; i < wide; ++i) length = length << 8 | byte(at++);
    std::string key(4, '\0');
    if (masked) key = bytes.substr(at, 4);
    at += masked ? 4 : 0;
    read.last_payload = bytes.substr(at, length);
    for (std::size_t i = 0; i < length; ++i) {
      read.last_payload[i] = static_cast<char>(read.last_payload[i] ^ key[i % 4]);
    }
    at += length;
    ++read.frames;
    const bool control = (first & 0x08U) != 0;
    const bool final = (first & 0x80U) != 0;
    read.controls += control;
    read.messages += !control && final;
    read.fragments += !control && !final;
  }
  EXPECT_EQ(at, bytes.size());
  return read;
}

TEST(CliSelftestTraffic, ItsFiguresAreWhatAReaderOfTheBytesCounts) {
  SelftestTraffic traffic;
  std::string to_client;
  std::string to_server;
  for (int i = 0; i < 1000; ++i) {
    const Turn turn = traffic.next();
    to_client += turn.to_client;
    to_server += turn.to_server;
  }
  const TrafficFigures& figures = traffic.figures();
  const Read down = read_frames(to_client, false);
  const Read up = read_frames(to_server, true);
  EXPECT_EQ(figures.events_out, 1000U);
  EXPECT_EQ(down.messages, figures.events_out);
  EXPECT_EQ(down.controls, figures.control_out);
  EXPECT_EQ(down.frames, figures.frames_out);
  EXPECT_EQ(up.messages, figures.events_in);
  EXPECT_EQ(up.controls, figures.control_in);
  EXPECT_EQ(up.frames, figures.frames_in);
  EXPECT_EQ(down.controls, 300U);   // 200 within fragmented messages, 100 after others
  EXPECT_EQ(down.fragments, 400U);  // 200 messages of three frames
  EXPECT_GT(up.fragments, 0U);
  for (const unsigned code : {0U, 1U, 125U, 126U, 127U}) {
    EXPECT_TRUE(down.length_codes.contains(code)) << code;
  }
}

TEST(CliWebsocketBytes, MaskingIsUndoneByTheKey) {
  const std::string bytes = frame_bytes({.sender = Sender::client, .key = 0x01020304}, "hello");
  EXPECT_EQ(bytes.substr(0, 6), std::string("\x82\x85\x01\x02\x03\x04", 6));
  EXPECT_EQ(read_frames(bytes, true).last_payload, "hello");
  EXPECT_EQ(frame_bytes({.opcode = Opcode::ping}, "hi"), std::string("\x89\x02hi"));
}

std::string row(std::uint64_t cookie, const TrafficFigures& f,
                const std::string& state = "synced") {
  return fmt::format(
      R"({{"cookie":{},"state":"{}","reason":null,"events_out":{},"control_out":{},"frames_out":{},)"
      R"("events_in":{},"control_in":{},"frames_in":{}}})",
      cookie, state, f.events_out, f.control_out, f.frames_out, f.events_in, f.control_in,
      f.frames_in);
}

// Cookies of all TCP sockets of this process: both ends of the selftest's connections among them.
std::vector<std::uint64_t> tcp_cookies() {
  std::vector<std::uint64_t> cookies;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    int protocol = 0;
    std::uint64_t cookie = 0;
    socklen_t size = sizeof protocol;
    if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0) continue;
    size = sizeof cookie;
    if (protocol != IPPROTO_TCP) continue;
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0) cookies.push_back(cookie);
  }
  closedir(directory);
  return cookies;
}

TrafficFigures figures_of(int messages) {
  SelftestTraffic traffic;
  for (int i = 0; i < messages; ++i) traffic.next();
  return traffic.figures();
}

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

// An agent whose counters say `counted` for every socket.
Outcome selftest_with(const TrafficFigures& counted, double snapshot_age, std::uint32_t messages) {
  const FakeAgent agent([&](const std::string& target) {
    if (target == "/api/v1/status") {
      return http_answer(fmt::format(R"({{"snapshot_age_seconds":{}}})", snapshot_age));
    }
    EXPECT_EQ(target, "/api/v1/sockets?shard=fanfare-selftest");
    std::string rows;
    for (const std::uint64_t cookie : tcp_cookies()) {
      rows += (rows.empty() ? "" : ",") + row(cookie, counted);
    }
    return http_answer("[" + rows + "]");
  });
  SelftestCommand command;
  command.admin = agent.path();
  command.messages = messages;
  command.patience = std::chrono::milliseconds(300);
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_command({.action = command, .look = {}, .version = ""}, out, err);
  return {code, out.str(), err.str()};
}

TEST(CliSelftest, AgreesWithAnAgentThatCountsRight) {
  const Outcome outcome = selftest_with(figures_of(500), 0, 500);
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(
      outcome.out.find("ok: every figure agrees\n"
                       "  IPv4  500 messages, 150 control, 850 frames out; 125, 50, 200 in\n"),
      0U)
      << outcome.out;
}

TEST(CliSelftest, OneMissingMessageIsAMismatch) {
  TrafficFigures counted = figures_of(1500);
  counted.events_out -= 1;
  counted.frames_in += 1;
  const Outcome outcome = selftest_with(counted, 0, 1500);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out.find("selftest FAILED\n"
                             "SOCKET  FIGURE      EXPECTED    GOT\n"
                             "IPv4    events_out     1,500  1,499\n"
                             "IPv4    frames_in        600    601\n"),
            0U)
      << outcome.out;
  EXPECT_NE(outcome.err.find("fanfare: the agent does not count this host exactly; fanfare status "
                             "shows its scope and its losses\n"),
            std::string::npos);
}

TEST(CliSelftest, ASnapshotFromBeforeTheTrafficIsNotJudged) {
  const Outcome outcome = selftest_with(figures_of(10), 1000, 10);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("fanfare: the agent has not read its counters since the traffic"),
            std::string::npos);
}

TEST(CliVerdict, SaysWhatIsWrongWithTheSocket) {
  const TrafficFigures sent = figures_of(3);
  const auto rows = [](const std::string& text) {
    return boost::json::array(boost::json::parse(text).as_array());
  };
  EXPECT_TRUE(mismatches(sent, 7, rows("[" + row(6, {}) + "," + row(7, sent) + "]")).empty());
  const auto absent = mismatches(sent, 7, rows("[" + row(6, sent) + "]"));
  ASSERT_EQ(absent.size(), 1U);
  EXPECT_EQ(absent[0].got, "not seen by the agent");
  const auto unsynced = mismatches(sent, 7, rows("[" + row(7, sent, "unsynced") + "]"));
  ASSERT_EQ(unsynced.size(), 1U);
  EXPECT_EQ(unsynced[0].figure, "state");
  EXPECT_EQ(unsynced[0].got, "unsynced");
  EXPECT_EQ(mismatches(sent, 7, rows("[" + row(7, {}) + "]")).size(), 6U);
}

}  // namespace
}  // namespace fanfare
