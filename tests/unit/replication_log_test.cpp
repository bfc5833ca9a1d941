// SPDX-License-Identifier: Apache-2.0
// New commands of a log, from what each socket has carried of it. Each story keeps its own truth:
// the log itself, entry by entry.
#include "agent/model/replication_log.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

// A log and the sockets that carry it; entries of `no_commands` are none.
class Carrier {
 public:
  std::set<std::uint64_t> no_commands;

  // What the kernel would count of entries [first, last] on this socket.
  void send(int socket, std::uint64_t first, std::uint64_t last) {
    Socket& s = sockets_[socket];
    if (s.rpc.first_index == 0) s.rpc.first_index = first;
    s.rpc.last_index = std::max<std::uint64_t>(s.rpc.last_index, last);
    for (std::uint64_t index = first; index <= last; ++index) {
      ++s.entries;
      s.commands += no_commands.contains(index) ? 0 : 1;
    }
  }
  // Entries that pass uncounted while the socket is out of step do not call send().
  void close(int socket) { sockets_.erase(socket); }

  bool tick() {
    std::vector<LogStep> steps;
    for (auto& [id, s] : sockets_) {
      steps.push_back(log_step(s.rpc, s.last_before, s.entries, s.commands, true));
      s.last_before = s.rpc.last_index;
      s.entries = s.commands = 0;
    }
    return log.advance(now += 1s, steps);
  }

  ReplicatedLog log;
  std::chrono::nanoseconds now{};

 private:
  struct Socket {
    fanfare_rpc rpc{};
    std::uint64_t last_before = 0, entries = 0, commands = 0;
  };
  std::map<int, Socket> sockets_;
};

TEST(ReplicationLog, AFollowerCountsTheCommandsThatItIsSent) {
  Carrier leader;
  leader.no_commands = {1, 2};  // configuration, no-op
  leader.send(1, 1, 2);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 0u);
  leader.send(1, 3, 10);
  leader.tick();
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 8u);
  EXPECT_EQ(leader.log.end(), 10u);
}

TEST(ReplicationLog, AnAgentThatComesLaterCountsFromThenOn) {
  Carrier leader;
  leader.send(1, 1'000'001, 1'000'005);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 5u);
}

TEST(ReplicationLog, OfFollowersAtDifferentSpeedTheMostAdvancedCounts) {
  for (const auto& [fast, slow] : {std::pair(1, 2), std::pair(2, 1)}) {
    Carrier leader;
    leader.no_commands = {1, 55, 123};
    for (std::uint64_t i = 0; i < 40; ++i) {
      leader.send(fast, 10 * i + 1, 10 * i + 10);
      if (i >= 3) leader.send(slow, 10 * (i - 3) + 1, 10 * (i - 3) + 10);
      leader.tick();
    }
    EXPECT_EQ(leader.log.commands(), 400u - 3);
  }
}

TEST(ReplicationLog, FollowersThatOvertakeEachOtherCountEachCommandOnce) {
  Carrier leader;
  std::uint64_t a = 0, b = 0;
  for (std::uint64_t i = 0; i < 50; ++i) {
    leader.send(1, a + 1, a + (i % 2 ? 5 : 15));
    a += i % 2 ? 5 : 15;
    leader.send(2, b + 1, b + (i % 2 ? 16 : 4));
    b += i % 2 ? 16 : 4;
    leader.tick();
    EXPECT_EQ(leader.log.commands(), std::max(a, b));
  }
}

TEST(ReplicationLog, EntriesThatMoveToAnotherSocketWithinATickCount) {
  Carrier leader;
  leader.no_commands = {5, 6, 11};
  leader.send(1, 5, 5);
  leader.tick();
  leader.send(1, 6, 10);
  leader.send(2, 11, 20);  // the pipeline
  leader.tick();
  leader.send(1, 21, 23);  // and back
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 23u - 4 - 3);
}

TEST(ReplicationLog, ALeaderChangeGoesOnWhereTheLogWas) {
  Carrier node;
  node.no_commands = {1, 21, 41};
  node.send(1, 1, 20);  // from the old leader
  node.tick();
  node.send(2, 21, 40);  // from the new one
  node.tick();
  node.send(3, 41, 50);  // now this node leads
  node.send(4, 41, 45);
  node.tick();
  EXPECT_EQ(node.log.commands(), 50u - 3);
}

TEST(ReplicationLog, AnUnfinishedTailThatIsReplacedCountsOnce) {
  Carrier node;
  node.send(1, 1, 13);  // 11..13 reached nobody else
  node.tick();
  node.no_commands = {11};
  node.send(2, 11, 12);  // the new leader's no-op and a command in their place
  node.tick();
  EXPECT_EQ(node.log.commands(), 13u);
  node.send(2, 13, 16);
  node.tick();
  EXPECT_EQ(node.log.commands(), 16u);
}

TEST(ReplicationLog, ALogThatIsSentAgainAddsNothing) {
  Carrier leader;
  leader.no_commands = {1};
  leader.send(1, 1, 1000);
  leader.tick();
  leader.close(1);
  for (std::uint64_t i = 0; i < 10; ++i) {
    leader.send(2, 100 * i + 1, 100 * i + 100);
    leader.tick();
  }
  EXPECT_EQ(leader.log.commands(), 999u);
  leader.send(2, 1001, 1007);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 1006u);
}

TEST(ReplicationLog, ASendAgainThatRunsIntoNewEntriesIsTooLowByItsNoOpsAtMost) {
  Carrier leader;
  leader.no_commands = {1, 2};
  leader.send(1, 1, 1000);
  leader.tick();
  leader.close(1);
  leader.send(2, 1, 1010);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 998u + 10 - 2);
}

TEST(ReplicationLog, WhatASnapshotBringsIsNotCounted) {
  Carrier leader;
  leader.send(1, 1, 10);
  leader.tick();
  leader.send(1, 5001, 5003);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 13u);
  EXPECT_EQ(leader.log.end(), 5003u);
}

TEST(ReplicationLog, EntriesThatPassedUnreadAreNotInvented) {
  Carrier leader;
  leader.send(1, 1, 10);
  leader.send(2, 1, 10);
  leader.tick();
  leader.send(1, 19, 20);  // 11..18 while out of step
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 12u);
  leader.send(1, 31, 31);  // 21..30 out of step here, but not there
  leader.send(2, 11, 30);
  leader.tick();
  EXPECT_EQ(leader.log.commands(), 23u);
}

TEST(ReplicationLog, ALogThatBeginsAnewIsBelievedAfterAMinute) {
  Carrier leader;
  leader.send(1, 1, 100'000);
  leader.tick();
  leader.close(1);
  std::uint64_t index = 0;
  bool anew = false;
  for (int second = 0; second < 61; ++second) {
    EXPECT_FALSE(anew) << second;
    leader.send(2, index + 1, index + 20);
    index += 20;
    anew = leader.tick();
  }
  EXPECT_TRUE(anew);
  EXPECT_EQ(leader.log.commands(), 100'000u);
  EXPECT_EQ(leader.log.end(), index);
  leader.send(2, index + 1, index + 20);
  EXPECT_FALSE(leader.tick());
  EXPECT_EQ(leader.log.commands(), 100'020u);
}

TEST(ReplicationLog, AFollowerThatCatchesUpForLongerThanAMinuteAddsNothing) {
  Carrier leader;
  leader.send(1, 1, 10'000);
  leader.tick();
  leader.close(1);
  for (std::uint64_t i = 0; i < 100; ++i) {
    leader.send(2, 100 * i + 1, 100 * i + 100);
    EXPECT_FALSE(leader.tick());
  }
  EXPECT_EQ(leader.log.commands(), 10'000u);
}

TEST(ReplicationLog, ALogThatAnOpenSocketHasReachedIsNotAnother) {
  Carrier leader;
  leader.send(1, 1, 100'000);
  leader.tick();
  for (std::uint64_t i = 0; i < 200; ++i) {
    leader.send(2, i + 1, i + 1);
    EXPECT_FALSE(leader.tick());
  }
  EXPECT_EQ(leader.log.commands(), 100'000u);
}

}  // namespace
}  // namespace fanfare
