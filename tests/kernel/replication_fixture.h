// SPDX-License-Identifier: Apache-2.0
// The fixture of the replication tests: both ends of a connection are on this host and each has its
// record. The truth is what the other end has received, read by a decoder of its own.
#pragma once

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/kernel/kernel_test.h"
#include "tests/support/raft.h"
#include "tests/support/raft_decode.h"

namespace fanfare::test {

// What one direction of a real connection sent, and in which writes.
struct Stream {
  std::string bytes;
  std::vector<std::size_t> writes;
};

class ReplicationTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    listener_ = listen_on();
  }

  Knobs knobs() const {
    Knobs knobs{.sockets = 1024};
    knobs.shards.push_back({.identity = {}, .client_ports = {}, .replication_ports = {port()}});
    return knobs;
  }
  std::uint16_t port() const { return port_of(listener_); }

  // One write at a time in each direction, as a leader waits for the answers.
  static void converse(const Pair& pair, const Stream& requests, const Stream& answers) {
    std::size_t asked = 0, answered = 0;
    for (std::size_t i = 0; i < std::max(requests.writes.size(), answers.writes.size()); ++i) {
      if (i < requests.writes.size()) {
        say(pair.client, pair.server, requests, asked, requests.writes[i]);
        asked += requests.writes[i];
      }
      if (i < answers.writes.size()) {
        say(pair.server, pair.client, answers, answered, answers.writes[i]);
        answered += answers.writes[i];
      }
    }
  }
  static void say(const Fd& from, const Fd& to, const Stream& stream, std::size_t at,
                  std::size_t size) {
    const auto bytes = stream.bytes.substr(at, size);
    std::thread sending([&] { send_all(from, bytes); });
    expect_same_bytes(receive(to, size), bytes);
    sending.join();
  }
  static void request(const Pair& pair, const std::string& bytes) {
    say(pair.client, pair.server, {bytes, {}}, 0, bytes.size());
  }

  // Both records of the connection.
  void expect_rpcs(const Pair& pair, const Rpcs& requests, const Rpcs& answers) {
    const auto leader = flow(pair.client), follower = flow(pair.server);
    EXPECT_EQ(rpcs(leader.out), requests) << "requests out";
    EXPECT_EQ(rpcs(follower.in), requests) << "requests in";
    EXPECT_EQ(rpcs(follower.out), answers) << "answers out";
    EXPECT_EQ(rpcs(leader.in), answers) << "answers in";
  }
  static Rpcs read_requests(const std::string& bytes) {
    return RaftDecoder(bytes, false).complete();
  }
  static Rpcs read_answers(const std::string& bytes) { return RaftDecoder(bytes, true).complete(); }

  Fd listener_;
};

}  // namespace fanfare::test
