// SPDX-License-Identifier: Apache-2.0
// From a socket's record to the fate of its messages, from literals.
#include "agent/model/socket_delivery.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "bpf/framers/acks.h"
#include "bpf/tcp_states.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr Monotonic start = 1h;

// A client socket; each write is one segment.
struct Client {
  fanfare_flow flow = testing::make_flow({});
  SocketDelivery delivery;
  Delivery totals;

  Client() {
    flow.opened_ns = static_cast<std::uint64_t>(Monotonic(start).count());
    flow.out.next_seq = 1000;
  }
  void write(std::uint64_t events, std::uint64_t control = 0, Monotonic at = start) {
    flow.out.tally.frames += events + control;
    flow.out.tally.by_class[FANFARE_EVENT].messages += events;
    flow.out.tally.by_class[FANFARE_CONTROL].messages += control;
    flow.out.next_seq += 100;
    __u64 counts[FANFARE_FATE_COUNT];
    if (acks_take_written(&flow.acks, &flow.out, counts))
      acks_push(&flow.acks, flow.out.next_seq, static_cast<__u32>(at.count() / FANFARE_ACK_TICK_NS),
                counts);
    if (events) flow.out.last_event_ns = static_cast<std::uint64_t>(at.count());
  }
  void ack(std::uint32_t seq, Monotonic at = start) {
    acks_pop(&flow.acks, seq, static_cast<__u32>(at.count() / FANFARE_ACK_TICK_NS));
  }
  void close(unsigned error, unsigned state, std::uint32_t una, std::uint32_t unsent = 0) {
    flow.life = FANFARE_CLOSED;
    flow.sk_err = error;
    flow.close_state = static_cast<std::uint8_t>(state);
    flow.snd_una = una;
    flow.snd_nxt = flow.out.next_seq;
    flow.write_seq = flow.snd_nxt + unsent;
  }
  void tick(Monotonic at = start, const Owner* owner = nullptr, Monotonic emitted = {}) {
    clear_gauges(totals);
    delivery.advance(flow, at, owner, emitted, totals);
    EXPECT_EQ(imbalance(totals), 0U);
    EXPECT_EQ(totals.bookkeeping_error, 0U);
  }
  const Fate& events() const { return totals.fates[FANFARE_FATE_EVENT]; }
  const Fate& others() const { return totals.fates[FANFARE_FATE_OTHER]; }
};

std::uint64_t lost(const Fate& fate, EndReason reason) {
  return fate.lost[static_cast<std::size_t>(reason)];
}

TEST(SocketDelivery, CountsWhatIsAckedAndWhatIsInFlight) {
  Client client;
  client.write(3, 1);
  client.write(2);
  client.ack(1100);
  client.tick();
  EXPECT_EQ(client.events().written, 5U);
  EXPECT_EQ(client.events().acked, 3U);
  EXPECT_EQ(client.events().in_flight, 2U);
  EXPECT_EQ(client.others().acked, 1U);
  client.ack(1200);
  client.tick();
  EXPECT_EQ(client.events().acked, 5U);
  EXPECT_EQ(client.events().in_flight, 0U);
}

TEST(SocketDelivery, TimesGoToTheirBuckets) {
  Client client;
  client.write(2, 0, start);
  client.ack(1100, start + 100ms);
  client.tick();
  const auto ticks = 100ms / std::chrono::nanoseconds(FANFARE_ACK_TICK_NS);
  EXPECT_EQ(client.totals.ack_times[acks_bucket(static_cast<__u32>(ticks))], 2U);
  EXPECT_NEAR(client.totals.ack_seconds, 0.2, 1e-4);
}

TEST(SocketDelivery, WhatWasNotAckedIsLostByReason) {
  struct Case {
    unsigned error, state;
    EndReason reason;
  };
  for (const auto& [error, state, reason] :
       {Case{ECONNRESET, FANFARE_TCP_ESTABLISHED, EndReason::reset},
        Case{0, FANFARE_TCP_ESTABLISHED, EndReason::reset},  // LINGER 0, unread input
        Case{0, FANFARE_TCP_CLOSE_WAIT, EndReason::reset},
        Case{ECONNABORTED, FANFARE_TCP_ESTABLISHED, EndReason::reset},  // ss -K
        Case{EPIPE, FANFARE_TCP_CLOSE_WAIT, EndReason::reset},
        Case{ETIMEDOUT, FANFARE_TCP_ESTABLISHED, EndReason::timeout},
        Case{EHOSTUNREACH, FANFARE_TCP_ESTABLISHED, EndReason::timeout},  // a router's word
        Case{0, FANFARE_TCP_FIN_WAIT1, EndReason::close},
        Case{0, FANFARE_TCP_LAST_ACK, EndReason::close}}) {
    Client client;
    client.write(1);
    client.write(4, 2);
    client.ack(1100);
    client.close(error, state, 1100, 5000);
    client.tick();
    EXPECT_EQ(client.events().in_flight, 4U) << "an ACK may still be on its way through the hook";
    EXPECT_EQ(client.totals.ended, 0U) << "of what was lost with how many, both must say the same";
    client.tick();
    EXPECT_EQ(client.totals.ended, 1U);
    client.tick();
    EXPECT_EQ(client.events().acked, 1U);
    EXPECT_EQ(lost(client.events(), reason), 4U) << "error " << error << " state " << state;
    EXPECT_EQ(lost(client.others(), reason), 2U);
    EXPECT_EQ(client.events().unknown, 0U);
    EXPECT_EQ(client.events().in_flight, 0U);
    const std::uint64_t fin = state == FANFARE_TCP_FIN_WAIT1 || state == FANFARE_TCP_LAST_ACK;
    EXPECT_EQ(client.totals.unsent_lost[static_cast<std::size_t>(reason)], 5000U - fin);
  }
}

TEST(SocketDelivery, WhatItsProcessHasLeftUnsentIsFollowedWithoutIt) {
  Client client;
  client.write(1);
  Owner owner;
  owner.unsent_bytes = 250;
  client.tick(start, &owner);
  client.delivery.set_orphan(true);
  client.tick();
  EXPECT_EQ(client.delivery.state().unsent_bytes, 250U);
  client.write(1);  // 100 bytes of them
  client.tick();
  EXPECT_EQ(client.delivery.state().unsent_bytes, 150U);
  EXPECT_EQ(client.totals.unsent_bytes, 150U);
  client.write(1);
  client.write(1);
  client.tick();
  EXPECT_EQ(client.delivery.state().unsent_bytes, 0U);
  EXPECT_EQ(client.delivery.state().unsent_seconds, 0);
}

TEST(SocketDelivery, ASecondWordOfTcpAtTheCloseIsBelieved) {
  Client client;
  client.write(1);
  client.write(1);
  client.close(ECONNRESET, FANFARE_TCP_ESTABLISHED, 1100);
  client.tick();
  client.tick();
  EXPECT_EQ(client.events().acked, 1U);
  EXPECT_EQ(lost(client.events(), EndReason::reset), 1U);
}

TEST(SocketDelivery, AMarkAckedInPartIsUnknownUnlessItIsOneMessage) {
  Client many;
  many.write(1);
  many.ack(1100);
  many.write(3, 1);
  many.close(ECONNRESET, FANFARE_TCP_ESTABLISHED, 1150);
  many.tick();
  many.tick();
  EXPECT_EQ(many.events().unknown, 3U);
  EXPECT_EQ(many.others().unknown, 1U);
  EXPECT_EQ(lost(many.events(), EndReason::reset), 0U);

  Client one;
  one.write(1);
  one.ack(1100);
  one.write(1);
  one.close(ECONNRESET, FANFARE_TCP_ESTABLISHED, 1150);
  one.tick();
  one.tick();
  EXPECT_EQ(one.events().unknown, 0U);
  EXPECT_EQ(lost(one.events(), EndReason::reset), 1U);
}

TEST(SocketDelivery, WhatWasNeverProvenIsUnknownAtTheEnd) {
  Client client;
  client.flow.out.probation = 5;
  client.write(2);
  client.tick();
  EXPECT_EQ(client.events().written, 0U);
  client.close(0, FANFARE_TCP_FIN_WAIT2, 1101);
  client.tick();
  client.tick();
  EXPECT_EQ(client.events().written, 2U);
  EXPECT_EQ(client.events().unknown, 2U);
}

TEST(SocketDelivery, BooksThatDoNotBalanceAreAnError) {
  const auto error_after = [](auto spoil) {
    Client client;
    client.write(4);
    client.tick();
    spoil(client.flow);
    clear_gauges(client.totals);
    client.delivery.advance(client.flow, start + 1s, nullptr, {}, client.totals);
    return client.totals.bookkeeping_error;
  };
  EXPECT_EQ(error_after([](fanfare_flow&) {}), 0U);
  EXPECT_EQ(error_after([](fanfare_flow& flow) { flow.acks.acked[0] += 1; }), 1U);
  EXPECT_EQ(error_after([](fanfare_flow& flow) { flow.acks.count = 0; }), 4U);
  EXPECT_EQ(error_after([](fanfare_flow& flow) { flow.acks.marks[0].messages[1] = 2; }), 2U);
  EXPECT_EQ(
      error_after([](fanfare_flow& flow) { flow.out.tally.by_class[FANFARE_EVENT].messages = 3; }),
      1U)
      << "a mark for what was not counted";
  EXPECT_EQ(error_after([](fanfare_flow& flow) {
              flow.acks.written[0] = 3;
              flow.acks.marks[0].messages[0] = 3;
            }),
            1U)
      << "counted a tick ago and no mark";
}

TEST(SocketDelivery, AnErrorThatStaysIsCountedOnce) {
  Client client;
  client.write(4);
  client.tick();
  const auto error_after = [&](std::uint64_t more_acked) {
    client.flow.acks.acked[0] += more_acked;
    clear_gauges(client.totals);
    client.delivery.advance(client.flow, start + 1s, nullptr, {}, client.totals);
    return client.totals.bookkeeping_error;
  };
  EXPECT_EQ(error_after(3), 3U);
  EXPECT_EQ(error_after(0), 3U);
  EXPECT_EQ(error_after(2), 5U);
}

TEST(SocketDelivery, WaitingIsSlowAndThenStuck) {
  Client client;
  client.write(1, 0, start);
  client.tick(start + 4s);
  EXPECT_EQ(client.delivery.state().pace, Pace::keeps_up);
  client.tick(start + 6s);
  EXPECT_EQ(client.delivery.state().pace, Pace::slow);
  EXPECT_EQ(client.totals.slow, 1U);
  client.tick(start + 31s);
  EXPECT_EQ(client.delivery.state().pace, Pace::stuck);
  EXPECT_EQ(client.totals.stuck, 1U);
  EXPECT_NEAR(client.totals.oldest_unacked_seconds, 31, 0.01);
  client.ack(1100, start + 32s);
  client.tick(start + 32s);
  EXPECT_EQ(client.totals.stuck, 0U);
  EXPECT_EQ(client.totals.oldest_unacked_seconds, 0);
}

TEST(SocketDelivery, UnsentWaitsOnlyWithoutProgress) {
  Client client;
  const Owner full{.comm = {}, .exe = {}, .unsent_bytes = 700};
  const Owner empty{};
  client.tick(start, &full);
  EXPECT_EQ(client.totals.unsent_bytes, 700U);
  client.tick(start + 7s);
  EXPECT_EQ(client.totals.slow, 1U);
  EXPECT_NEAR(client.totals.oldest_unsent_seconds, 7, 0.01);
  client.flow.out.next_seq += 100;  // some has left
  client.tick(start + 10s, &full);
  EXPECT_EQ(client.totals.slow, 0U);
  client.tick(start + 41s, &full);
  EXPECT_EQ(client.totals.stuck, 1U);
  client.tick(start + 42s, &empty);
  EXPECT_EQ(client.totals.unsent_bytes, 0U);
  EXPECT_EQ(client.totals.stuck, 0U);
}

TEST(SocketDelivery, SilentOnlyWhileOthersGetEvents) {
  Client client;
  const auto silent_at = [&](Monotonic at, Monotonic emitted) {
    client.tick(at, nullptr, emitted);
    return client.delivery.state().silent;
  };
  EXPECT_FALSE(silent_at(start + 59s, start + 58s)) << "young";
  EXPECT_FALSE(silent_at(start + 61s, {})) << "the shard has never emitted";
  EXPECT_TRUE(silent_at(start + 61s, start + 60s)) << "none since it opened";
  EXPECT_EQ(client.totals.judged[1], 1U);
  EXPECT_EQ(client.totals.silent[1], 1U);
  EXPECT_FALSE(silent_at(start + 10min, start + 61s)) << "nobody gets any";
  client.write(1, 0, start + 10min);
  EXPECT_FALSE(silent_at(start + 14min, start + 14min));
  EXPECT_TRUE(silent_at(start + 15min, start + 15min));
  EXPECT_EQ(client.totals.silent[2], 1U) << "older than ten minutes";
}

// An idle connection of a REST client, say.
TEST(SocketDelivery, AnOlderSocketIsNotSilentBeforeItsFirstFrame) {
  Client client;
  client.flow.opened_ns = 0;
  client.flow.out.stage = FANFARE_STAGE_SEARCH;
  client.tick();
  client.tick(start + 61s, nullptr, start + 60s);
  EXPECT_FALSE(client.delivery.state().silent);
  EXPECT_EQ(client.totals.judged[1], 0U);
}

TEST(SocketDelivery, WhatNobodyHoldsAnyMoreIsNotSilent) {
  Client client;
  client.delivery.set_orphan(true);
  client.tick(start + 61s, nullptr, start + 60s);
  EXPECT_FALSE(client.delivery.state().silent);
  EXPECT_EQ(client.totals.judged[1], 0U);
}

TEST(SocketDelivery, AnOlderSocketIsAClientFromItsFirstFrameOnOrWhileSomethingWaits) {
  Client client;
  client.flow.opened_ns = 0;
  client.flow.out.stage = FANFARE_STAGE_SEARCH;
  client.tick();
  EXPECT_EQ(client.totals.edge, 0U) << "idle";
  const Owner owner{.comm = {}, .exe = {}, .unsent_bytes = 100};
  client.tick(start + 1s, &owner);
  client.tick(start + 1min, &owner);
  EXPECT_EQ(client.totals.edge, 1U);
  EXPECT_EQ(client.totals.stuck, 1U);
  const Owner drained{};
  client.tick(start + 2min, &drained);
  EXPECT_EQ(client.totals.edge, 0U);
  client.flow.out.stage = FANFARE_STAGE_FRAMES;
  client.tick(start + 3min);
  EXPECT_EQ(client.totals.edge, 1U);
}

TEST(SocketDelivery, OneThatLostStepIsSilentToo) {
  Client client;
  client.flow.out.stage = FANFARE_STAGE_SEARCH;
  client.tick(start + 61s, nullptr, start + 60s);
  EXPECT_TRUE(client.delivery.state().silent);
}

TEST(SocketDelivery, MovingKeepsBothBooksBalanced) {
  Client client;
  client.write(3);
  client.tick();
  Delivery other;
  client.delivery.move(client.totals, other);
  clear_gauges(client.totals);
  EXPECT_EQ(imbalance(client.totals), 0U);
  EXPECT_EQ(client.events().unknown, 3U);
  client.ack(1100);
  client.delivery.advance(client.flow, start + 1s, nullptr, {}, other);
  EXPECT_EQ(imbalance(other), 0U);
  EXPECT_EQ(other.fates[FANFARE_FATE_EVENT].acked, 3U);
}

}  // namespace
}  // namespace fanfare
