// SPDX-License-Identifier: Apache-2.0
// What people read, word for word.
#include "agent/alerts/texts.h"

#include <gmock/gmock.h>

#include "agent/alerts/board.h"
#include "agent/alerts/log_line.h"
#include "tests/unit/sample_judgement.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace sample;
using testing::EndsWith;
using testing::HasSubstr;

Alert only(const Judgement& judgement) {
  Board board;
  const auto alerts = board.advance(start, start_wall, {judgement});
  EXPECT_EQ(alerts.size(), 1U);
  return alerts.empty() ? Alert{} : alerts[0];
}

TEST(AlertTexts, ReachOnALeader) {
  Judgement bad = judgement(lost(healthy_reach(), 62, 0.683));
  bad.signals.push_back(peer("n2"));
  const Alert alert = only(bad);
  EXPECT_EQ(alert.step, "broadcast");
  EXPECT_EQ(alert.summary, "Clients of shard chat-1 on this node miss messages until they reload.");
  EXPECT_EQ(alert.why,
            "31.3 % of the events that were due on this node reached a client besides their "
            "publisher, normally 99.0 %: 62 of 198 in the last 10 s. Evidence 24.1 nats (20.2 "
            "needed). Estimated loss 68 %. Coverage 100 %, 0 capture losses. Entries are "
            "replicated (198 of 198 confirmed by n2), so the break is between the applied log and "
            "the client sockets on this node.");
  EXPECT_EQ(alert.next,
            "Roll back the build on this node or drain it; users see messages after a reload.");
  EXPECT_EQ(alert.value, 0.683);
}

TEST(AlertTexts, ReachOnAFollower) {
  Signal reach = lost(healthy_reach(), 190, 0.031);
  reach.normal.reset();
  EXPECT_EQ(only(judgement(reach)).why,
            "96.0 % of the events that were due on this node reached a client besides their "
            "publisher, what is normal is not learned yet: 190 of 198 in the last 10 s. Evidence "
            "24.1 nats (20.2 needed). Estimated loss 3.1 %. Coverage 100 %, 0 capture losses. The "
            "events are known on this node (198 due in the last 10 s), so the break is between its "
            "log and its client sockets.");
}

TEST(AlertTexts, CopiesWellAgain) {
  Board board;
  const Signal copies = signal(signal_copies, 1960, 198, 9.9);
  Alert alert = board.advance(start, start_wall, {judgement(lost(copies, 614, 0.69))})[0];
  EXPECT_EQ(alert.summary,
            "Some clients of shard chat-1 on this node miss messages until they reload.");
  EXPECT_THAT(alert.why,
              HasSubstr("3.10 copies of each event that was due left for clients of this node, "
                        "normally 9.90: 614 copies of 198 events in the last 10 s. Evidence 24.1"));
  alert = board.advance(start + 1s, start_wall + 1s, {judgement(copies)})[0];
  EXPECT_EQ(alert.state, AlertState::firing);
  EXPECT_EQ(alert.why,
            "9.90 copies of each event that was due left for clients of this node, normally 9.90: "
            "1960 copies of 198 events in the last 10 s. Evidence 0.0 nats (20.2 needed). Coverage "
            "100 %, 0 capture losses.");
}

TEST(AlertTexts, TooFewPeersToCommit) {
  Judgement bad = judgement(lost(healthy_reach(), 0, 1));
  bad.signals.push_back(lost(peer("n2"), 20, 0.9));
  EXPECT_THAT(only(judgement(lost(healthy_reach(), 0, 1))).step, "broadcast");
  Board board;
  Alert alert = board.advance(start, start_wall, {bad})[0];
  EXPECT_EQ(alert.name, "FanfareReachLoss");
  EXPECT_EQ(alert.step, "replication") << "one peer of one";
  EXPECT_THAT(alert.why, EndsWith("Too few peers get the entries to commit them (20 of 198 "
                                  "confirmed by n2 at best), so the break is in the replication."));
  EXPECT_EQ(alert.next,
            "Restore the replication first: look at the peers, the network and the last rollout.");
  bad.signals.push_back(peer("n3"));
  Board second;
  alert = second.advance(start, start_wall, {bad})[0];
  EXPECT_EQ(alert.step, "broadcast") << "one peer of two makes a majority with this node";
}

TEST(AlertTexts, APeerThatMissesEntries) {
  const Alert alert = only(judgement(lost(peer("n3"), 103, 0.48)));
  EXPECT_EQ(alert.step, "replication");
  EXPECT_EQ(alert.summary,
            "Log entries of shard chat-1 do not all arrive at n3; its clients miss messages.");
  EXPECT_EQ(alert.why,
            "52.0 % of the new log entries were confirmed by n3 (this node -> n3), normally 99.9 "
            "%: 103 of 198 in the last 10 s. Evidence 24.1 nats (20.2 needed). Estimated loss 48 "
            "%. 0 capture losses.");
  EXPECT_EQ(alert.next,
            "Look at n3: its log, its disk and the network from this node; roll back its build or "
            "restart it, or drain it.");
}

TEST(AlertTexts, APeerThatIsStalled) {
  Judgement bad = judgement(peer("n3"));
  bad.stalls.push_back({.peer = "n3", .behind = 280, .since = start - 14s});
  const Alert alert = only(bad);
  EXPECT_EQ(alert.summary,
            "Log entries of shard chat-1 no longer arrive at n3; its clients miss messages.");
  EXPECT_EQ(alert.why,
            "n3 answers, but has confirmed no new log entry for 14 s and is 280 entries behind "
            "(this node -> n3; 10 s are needed).");
}

TEST(AlertTexts, NamesAreMadePrintable) {
  Judgement bad = judgement(lost(peer("n\x1b[2J"), 103, 0.48));
  bad.shard = "chat\n\xff";
  const Alert alert = only(bad);
  EXPECT_EQ(alert.shard, "chat\n\xff");
  EXPECT_THAT(alert.summary, HasSubstr("shard chat\\x0a\\xff do not all arrive at n\\x1b[2J;"));
  EXPECT_THAT(alert.why, HasSubstr("(this node -> n\\x1b[2J)"));
  EXPECT_THAT(log_line(alert), testing::StartsWith("FanfareReplicationLoss pending (critical), "
                                                   "shard chat\\x0a\\xff, peer n\\x1b[2J, step"));
}

TEST(AlertTexts, TheLineOfTheLog) {
  Alert alert{.name = "FanfareReachLoss",
              .shard = "chat-1",
              .severity = Severity::critical,
              .state = AlertState::firing,
              .step = "broadcast",
              .summary = "Summary.",
              .why = "Why.",
              .next = "Next."};
  EXPECT_EQ(log_line(alert),
            "FanfareReachLoss firing (critical), shard chat-1, step broadcast: Summary. Why. "
            "Next.");
  alert.state = AlertState::resolved;
  EXPECT_EQ(log_line(alert),
            "FanfareReachLoss resolved (critical), shard chat-1, step broadcast: Summary. Why.");
}

}  // namespace
}  // namespace fanfare
