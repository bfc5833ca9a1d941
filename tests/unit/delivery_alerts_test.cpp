// SPDX-License-Identifier: Apache-2.0
// The alerts on delivery: when they fire, and what people read, word for word.
#include <gmock/gmock.h>

#include "agent/alerts/delivery_rules.h"
#include "agent/exports/names.h"
#include "tests/unit/clocked_board.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using namespace sample;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Signal acks() {
  Signal acks = signal(signal_ack_fate, 59400, 60000, 0.99);
  acks.ratio.window = 60s;
  return acks;
}

Judgement delivered(Signal signal) {
  Judgement one = judgement(std::move(signal));
  auto& figures = one.delivery;
  figures.sockets = 1000;
  figures.sockets_usual = 1000;
  figures.acked = 59400;
  figures.lost = {500, 90, 10};
  figures.unknown = 7;
  return one;
}

// The only alert, once it fires.
Alert fired(const Judgement& judgement, int after) {
  Clocked board;
  board.tick(after, {judgement});
  EXPECT_EQ(board.alerts.size(), 1U);
  if (board.alerts.size() != 1) return {};
  EXPECT_EQ(board.alerts[0].state, AlertState::pending) << "too early";
  board.tick({judgement});
  EXPECT_EQ(board.alerts[0].state, AlertState::firing) << board.alerts[0].name;
  return board.alerts[0];
}

TEST(DeliveryAlerts, AreSilentWhileAllIsWell) {
  Clocked board;
  Judgement well = delivered(acks());
  well.signals.push_back(signal(signal_silence, 300, 1000, 0.3));
  well.signals.push_back(signal(signal_stuck, 10, 1000, 0.01));
  well.signals.push_back(signal(signal_close_loss, 10, 1000, 0.01));
  well.signals.push_back(signal(signal_accepted, 1200, 1190, 1));
  board.tick(300, {well});
  EXPECT_THAT(board.list(), IsEmpty());
}

TEST(DeliveryAlerts, AckLossIsCriticalFromFivePercentAndHeldForAMinute) {
  const Alert alert = fired(delivered(lost(acks(), 30000, 0.495)), 60);
  EXPECT_EQ(alert.name, "FanfareAckLoss");
  EXPECT_EQ(alert.severity, Severity::critical);
  EXPECT_EQ(alert.step, "delivery");
  EXPECT_EQ(
      alert.summary,
      "Messages of shard chat-1 leave this node and are never acknowledged; clients miss them.");
  EXPECT_EQ(alert.why,
            "50.0 % of the events whose fate became known were acknowledged, normally 99.0 %: "
            "30000 of 60000 in the last 1 min. Evidence 24.1 nats (20.2 needed). Estimated loss "
            "49.5 %. In the last minute 59400 events were acknowledged, 500 lost by reset, 90 by "
            "timeout, 10 by close; the fate of 7 cannot be told.");
  EXPECT_THAT(alert.next, HasSubstr("fanfare sockets --sort unacked_seconds"));
  EXPECT_EQ(fired(delivered(lost(acks(), 57000, 0.05)), 60).severity, Severity::critical);
  EXPECT_EQ(fired(delivered(lost(acks(), 57000, 0.049)), 60).severity, Severity::warning);
}

TEST(DeliveryAlerts, BehindAProxyTheWordIsTheProxys) {
  Judgement bad = delivered(lost(acks(), 30000, 0.495));
  bad.delivery.inner_only = true;
  EXPECT_THAT(fired(bad, 60).why,
              EndsWith("Acknowledged means: by the proxy on this host, not by the clients."));
}

TEST(DeliveryAlerts, ALossIsOverOnceItIsProvenAndNotWhenItCannotBeTold) {
  Clocked board;
  board.tick(61, {delivered(lost(acks(), 30000, 0.495))});
  board.tick(600, {delivered(unknown(acks(), "there was nothing to judge by"))});
  EXPECT_THAT(board.list(), ElementsAre("FanfareAckLoss firing critical"));
  Judgement voided = delivered(acks());
  voided.delivery.bookkeeping_error = 3;
  board.tick(600, {voided});
  EXPECT_THAT(board.list(), ElementsAre("FanfareAckLoss firing critical",
                                        "FanfareBookkeepingBroken firing warning"));
  board.tick(61, {delivered(acks())});
  EXPECT_THAT(board.list(), ElementsAre("FanfareAckLoss resolved critical",
                                        "FanfareBookkeepingBroken resolved warning"));
}

TEST(DeliveryAlerts, LostAtClose) {
  Signal closes = signal(signal_close_loss, 90, 60, 0.2);
  closes.ratio.window = 600s;
  const Alert alert = fired(delivered(lost(closes, 300, 0.7)), 60);
  EXPECT_EQ(alert.name, "FanfareLostAtClose");
  EXPECT_EQ(alert.severity, Severity::warning);
  EXPECT_THAT(alert.why, testing::StartsWith(
                             "5.0 events were lost for each closed socket, normally 0.2 at this "
                             "traffic: 300 events of 60 sockets in the last 10 min. Evidence"));
}

TEST(DeliveryAlerts, SilentSocketsNameTheAgeThatStandsOut) {
  Judgement bad = delivered(lost(signal(signal_silence, 300, 1000, 0.3), 870, 0.8));
  bad.delivery.silent_age = AgeClass::ten_minutes;
  bad.delivery.now.silent = {9, 690, 90, 90};
  bad.delivery.now.judged = {9, 700, 150, 150};
  const Alert alert = fired(bad, 120);
  EXPECT_EQ(alert.name, "FanfareSilentSockets");
  EXPECT_EQ(alert.severity, Severity::warning) << "whatever the estimate";
  EXPECT_EQ(alert.why,
            "87.0 % of the sockets are silent while the shard emits, normally 30.0 %. Evidence "
            "24.1 nats (20.2 needed). Sockets open for 1 to 10 min stand out: 690 of 700 are "
            "silent.");
  EXPECT_THAT(alert.next, HasSubstr("subscriptions are lost as clients connect"));
  bad.delivery.silent_age.reset();
  EXPECT_THAT(fired(bad, 120).why, EndsWith("No age of sockets stands out."));
  EXPECT_THAT(fired(bad, 120).next, HasSubstr("--sort last_event_seconds"));
}

TEST(DeliveryAlerts, StuckClientsWithTheirFigures) {
  Judgement bad = delivered(lost(signal(signal_stuck, 10, 1000, 0.01), 500, 0.5));
  bad.delivery.followed = 1000;
  auto& now = bad.delivery.now;
  now.stuck = 500;
  now.slow = 20;
  now.oldest_unacked_seconds = 310.4;
  now.oldest_unsent_seconds = 295.2;
  now.unsent_bytes = 123456;
  const Alert alert = fired(bad, 120);
  EXPECT_EQ(alert.name, "FanfareClientsStuck");
  EXPECT_EQ(alert.why,
            "500 of 1000 sockets have had something unsent or unacknowledged for 30 s or longer, "
            "normally 1.0 %; 20 more for 5 s. Oldest unacknowledged 310 s, oldest unsent 295 s, "
            "123456 bytes unsent. Evidence 24.1 nats (20.2 needed).");
  EXPECT_THAT(alert.next, HasSubstr("fanfare sockets --sort unsent_bytes"));
  bad.delivery.inner_only = true;
  EXPECT_THAT(fired(bad, 120).why, EndsWith("All of them end in a proxy on this host."));
  EXPECT_THAT(fired(bad, 120).next, HasSubstr("look at the proxy on this host"));
}

TEST(DeliveryAlerts, NothingIsAccepted) {
  Clocked board;
  Signal none = lost(signal(signal_accepted, 0, 1200, 1), 0, 1);
  none.ratio.window = 60s;
  none.lost_since = start - 120s;
  board.tick({delivered(none)});
  ASSERT_THAT(board.list(), ElementsAre("FanfareNoAccepted firing warning"));
  EXPECT_EQ(board.alerts[0].step, "accept");
  EXPECT_EQ(board.alerts[0].why,
            "No event was accepted for 121 s, with 1000 client sockets open; 1200 were expected in "
            "the last 1 min by the rate of the hour before. Evidence 24.1 nats (20.2 needed).");
}

TEST(DeliveryAlerts, AStopThatIsProvenTwiceIsCriticalWhileTheClientsAreThere) {
  Signal none = lost(signal(signal_accepted, 0, 1200, 1), 0, 1);
  const auto severity = [&](double evidence, std::uint64_t sockets) {
    Clocked board;
    none.evidence = evidence;
    Judgement stopped = delivered(none);
    stopped.delivery.sockets = sockets;
    board.tick({stopped});
    return board.list().at(0);
  };
  EXPECT_EQ(severity(40.31, 1000), "FanfareNoAccepted firing warning");
  EXPECT_EQ(severity(40.33, 1000), "FanfareNoAccepted firing critical");
  EXPECT_EQ(severity(100, 800), "FanfareNoAccepted firing critical");
  EXPECT_EQ(severity(100, 799), "FanfareNoAccepted firing warning");
}

TEST(DeliveryAlerts, ACollapseHidesNothing) {
  Clocked board;
  Judgement gone = delivered(lost(healthy_reach(), 62, 0.683));
  gone.delivery.sockets = 499;
  board.tick(121, {gone});
  ASSERT_THAT(board.list(), ElementsAre("FanfareReachLoss firing critical",
                                        "FanfareSocketCollapse firing warning"));
  EXPECT_EQ(board.alerts[1].why,
            "499 client sockets are open, 1000 were in the mean of the last hour.");
  EXPECT_NEAR(board.alerts[1].value, 0.501, 1e-9);
  gone.delivery.sockets = 500;
  board.tick(91, {gone});
  EXPECT_THAT(board.list(), ElementsAre("FanfareReachLoss firing critical",
                                        "FanfareSocketCollapse resolved warning"));
}

TEST(DeliveryAlerts, FewSocketsAndANewShardDoNotCollapse) {
  Clocked board;
  Judgement few = delivered(healthy_reach());
  few.delivery.sockets = 1;
  few.delivery.sockets_usual = 9;
  board.tick(300, {few});
  few.delivery.sockets_usual = 0;
  board.tick(300, {few});
  EXPECT_THAT(board.list(), IsEmpty());
}

TEST(DeliveryAlerts, BookkeepingFiresAtOnceAndSaysWhatIsVoid) {
  Clocked board;
  Judgement broken = delivered(acks());
  broken.delivery.bookkeeping_error = 12;
  board.tick({broken});
  ASSERT_THAT(board.list(), ElementsAre("FanfareBookkeepingBroken firing warning"));
  EXPECT_EQ(board.alerts[0].step, "capture");
  EXPECT_EQ(board.alerts[0].value, 12);
  EXPECT_THAT(board.alerts[0].summary, HasSubstr("a defect of fanfare, not of the chat"));
  EXPECT_EQ(
      board.alerts[0].why,
      "written = acked + lost + unknown + in flight is off by 12 messages within the last 10 min. "
      "Void until it fits: acked, in flight, lost, ack_fate and close_loss of this shard. "
      "Messages, reach, copies and replication do not rest on it.");
}

TEST(DeliveryAlerts, NamesAreMadePrintable) {
  Judgement bad = delivered(lost(acks(), 30000, 0.495));
  bad.delivery.bookkeeping_error = 1;
  bad.delivery.sockets = 1;
  for (const char* name : {signal_close_loss, signal_silence, signal_stuck, signal_accepted})
    bad.signals.push_back(lost(signal(name, 1, 10, 0.1), 9, 0.9));
  bad.shard = "chat\x1b[2J";
  Clocked board;
  board.tick(130, {bad});
  EXPECT_EQ(board.alerts.size(), 7U);
  for (const Alert& alert : board.alerts) {
    EXPECT_THAT(alert.summary, HasSubstr("chat\\x1b[2J")) << alert.name;
    EXPECT_THAT(alert.summary + alert.why + alert.next, Not(HasSubstr("\x1b"))) << alert.name;
    EXPECT_THAT(alert.next, testing::StartsWith("Run `fanfare ")) << alert.name;
    EXPECT_TRUE(is_of_delivery(alert.name));
  }
}

TEST(DeliveryAlerts, EachHasItsPatienceAndItsSeriesFromTheStart) {
  for (const char* name :
       {alert_ack_loss, alert_lost_at_close, alert_silent_sockets, alert_clients_stuck,
        alert_no_accepted, alert_socket_collapse, alert_bookkeeping}) {
    EXPECT_TRUE(patience_of(name)) << name;
    EXPECT_TRUE(std::ranges::any_of(alert_kinds, [&](const AlertKind& kind) {
      return kind.alertname == name;
    })) << name;
  }
}

}  // namespace
}  // namespace fanfare
