// SPDX-License-Identifier: Apache-2.0
#include "agent/model/socket_delivery.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "bpf/tcp_states.h"

namespace fanfare {
namespace {

using Counts = std::array<std::uint64_t, FANFARE_FATE_COUNT>;

constexpr auto tick_of_ack = std::chrono::nanoseconds(FANFARE_ACK_TICK_NS);

float seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<float>(std::max(time, std::chrono::nanoseconds{})).count();
}

Counts tally_of(const fanfare_tally& tally) {
  Counts counts{};
  for (int i = 0; i < FANFARE_CLASS_COUNT; ++i)
    counts[i == FANFARE_EVENT ? FANFARE_FATE_EVENT : FANFARE_FATE_OTHER] +=
        tally.by_class[i].messages;
  return counts;
}

bool covers(std::uint32_t una, std::uint32_t seq) {
  return static_cast<std::int32_t>(una - seq) >= 0;
}

const fanfare_mark& mark_at(const fanfare_acks& acks, unsigned i) {
  return acks.marks[(acks.first + i) % FANFARE_MARKS];
}

bool is_open(std::uint8_t state) {
  return state == FANFARE_TCP_ESTABLISHED || state == FANFARE_TCP_CLOSE_WAIT;
}

// An end that comes straight from an open state is a RST of ours; ECONNABORTED is `ss -K`. Any
// other error is a router's last word (EHOSTUNREACH, ...), which TCP reports in place of ETIMEDOUT.
EndReason reason_of(const fanfare_flow& flow) {
  if (flow.sk_err == ECONNRESET || flow.sk_err == EPIPE || flow.sk_err == ECONNABORTED)
    return EndReason::reset;
  if (flow.sk_err != 0) return EndReason::timeout;
  return is_open(flow.close_state) ? EndReason::reset : EndReason::close;
}

// A FIN that was queued behind them takes one sequence number.
std::uint64_t unsent_at_end(const fanfare_flow& flow) {
  const auto unsent = static_cast<std::int32_t>(flow.write_seq - flow.snd_nxt);
  if (unsent <= 0) return 0;
  return static_cast<std::uint64_t>(unsent) - (is_open(flow.close_state) ? 0 : 1);
}

// Of the messages of one mark, `begin` being the end of the one before.
void end_mark(const fanfare_mark& mark, std::uint32_t begin, std::uint32_t una, EndReason reason,
              std::array<Fate, FANFARE_FATE_COUNT>& fates) {
  const auto all = mark.messages[FANFARE_FATE_EVENT] + mark.messages[FANFARE_FATE_OTHER];
  const bool untouched = begin != 0 && covers(begin, una);
  for (std::size_t kind = 0; kind < fates.size(); ++kind) {
    auto& to = covers(una, mark.end_seq) ? fates[kind].acked
               : untouched || all == 1   ? fates[kind].lost[static_cast<std::size_t>(reason)]
                                         : fates[kind].unknown;
    to += mark.messages[kind];
  }
}

// One that is older than the agent and has not sent a frame since may be a client's, or a REST
// client's that keeps its connection.
bool is_undecided(const fanfare_flow& flow) {
  return flow.opened_ns == 0 && !fanfare_is_synced(&flow);
}

AgeClass age_class(std::chrono::nanoseconds age) {
  using namespace std::chrono_literals;
  if (age < 1min) return AgeClass::minute;
  if (age < 10min) return AgeClass::ten_minutes;
  return age < 1h ? AgeClass::hour : AgeClass::older;
}

}  // namespace

Counts in_flight(const fanfare_acks& acks) {
  Counts counts{};
  for (unsigned i = 0; i < acks.count; ++i)
    for (std::size_t kind = 0; kind < counts.size(); ++kind)
      counts[kind] += mark_at(acks, i).messages[kind];
  return counts;
}

Ending ending_of(const fanfare_flow& flow) {
  Ending ending{.unsent_bytes = unsent_at_end(flow), .reason = reason_of(flow)};
  auto begin = flow.acks.acked_seq;
  for (unsigned i = 0; i < flow.acks.count; ++i) {
    const auto& mark = mark_at(flow.acks, i);
    end_mark(mark, begin, flow.snd_una, ending.reason, ending.fates);
    begin = mark.end_seq;
  }
  const auto tally = tally_of(flow.out.tally);
  for (std::size_t kind = 0; kind < tally.size(); ++kind)
    ending.fates[kind].unknown += tally[kind] - flow.acks.written[kind];
  return ending;
}

// What the kernel's own words say twice must agree. A tally may be ahead of the marks by what is
// on probation, or by the segment that is leaving at this moment; by the next tick that has a mark.
void SocketDelivery::check(const fanfare_flow& flow, Delivery& totals) {
  const auto tally = tally_of(flow.out.tally);
  const auto waiting = in_flight(flow.acks);
  std::uint64_t error = 0;
  for (std::size_t kind = 0; kind < tally.size(); ++kind) {
    const auto written = flow.acks.written[kind];
    const auto told = flow.acks.acked[kind] + waiting[kind];
    error += written > told ? written - told : told - written;
    if (written > tally[kind]) error += written - tally[kind];
    if (proven_ && tally_[kind] > written) error += tally_[kind] - written;
  }
  totals.bookkeeping_error += error > error_ ? error - error_ : 0;  // once, while it stays
  error_ = error;
  tally_ = tally;
  proven_ = flow.out.probation == 0;
}

void SocketDelivery::count_acks(const fanfare_acks& acks, Delivery& totals) {
  const auto waiting = in_flight(acks);
  for (std::size_t kind = 0; kind < waiting.size(); ++kind) {
    auto& fate = totals.fates[kind];
    fate.written += acks.written[kind] - std::exchange(written_[kind], acks.written[kind]);
    fate.acked += acks.acked[kind] - std::exchange(acked_[kind], acks.acked[kind]);
    fate.in_flight += waiting[kind];
  }
  in_flight_ = waiting;
  for (std::size_t i = 0; i < event_times_.size(); ++i)  // modulo 2^32
    totals.ack_times[i] +=
        acks.event_times[i] - std::exchange(event_times_[i], acks.event_times[i]);
  const auto ticks = acks.event_ticks - std::exchange(event_ticks_, acks.event_ticks);
  totals.ack_seconds +=
      std::chrono::duration<double>(tick_of_ack).count() * static_cast<double>(ticks);
}

void SocketDelivery::count_end(const fanfare_flow& flow, Delivery& totals) {
  const auto ending = ending_of(flow);
  const auto tally = tally_of(flow.out.tally);
  const auto reason = static_cast<std::size_t>(ending.reason);
  for (std::size_t kind = 0; kind < tally.size(); ++kind) {
    auto& fate = totals.fates[kind];
    fate.written += tally[kind] - flow.acks.written[kind];
    fate.acked += ending.fates[kind].acked;
    fate.lost[reason] += ending.fates[kind].lost[reason];
    fate.unknown += ending.fates[kind].unknown;
    fate.in_flight -= in_flight_[kind];
  }
  in_flight_ = {};
  totals.unsent_lost[reason] += ending.unsent_bytes;
  ++totals.ended;
}

// A socket's unsent bytes are known from the owner scans: what waits since the scan that first saw
// them without progress has waited at least since then. To an orphan's nothing is added.
void SocketDelivery::look_at_waiting(const fanfare_flow& flow, Monotonic now, const Owner* owner,
                                     Delivery& totals) {
  const bool moves = unsent_at_ != flow.out.next_seq;
  if (owner || (orphan_ && moves)) {
    const auto sent = flow.out.next_seq - std::exchange(unsent_at_, flow.out.next_seq);
    auto& unsent = state_.unsent_bytes;
    unsent = owner ? owner->unsent_bytes : unsent - std::min(unsent, sent);
    if (unsent == 0)
      unsent_since_ = {};
    else if (moves || unsent_since_.count() == 0)
      unsent_since_ = now;
  }
  state_.unsent_seconds = unsent_since_.count() ? seconds(now - unsent_since_) : 0;
  state_.unacked_seconds = 0;
  if (flow.acks.count > 0) {
    const auto now_ticks = static_cast<std::uint32_t>(now / tick_of_ack);
    const auto age = static_cast<std::int32_t>(now_ticks - mark_at(flow.acks, 0).sent);
    state_.unacked_seconds = seconds(std::max(age, 0) * tick_of_ack);
  }
  const std::chrono::duration<float> waits(std::max(state_.unsent_seconds, state_.unacked_seconds));
  state_.pace = waits >= stuck_after  ? Pace::stuck
                : waits >= slow_after ? Pace::slow
                                      : Pace::keeps_up;
  totals.unsent_bytes += state_.unsent_bytes;
  totals.oldest_unsent_seconds =
      std::max<double>(totals.oldest_unsent_seconds, state_.unsent_seconds);
  totals.oldest_unacked_seconds =
      std::max<double>(totals.oldest_unacked_seconds, state_.unacked_seconds);
  totals.slow += state_.pace == Pace::slow;
  totals.stuck += state_.pace == Pace::stuck;
}

void SocketDelivery::look_at_silence(const fanfare_flow& flow, Monotonic now, Monotonic emitted,
                                     Delivery& totals) {
  const Monotonic opened = flow.opened_ns ? Monotonic(flow.opened_ns) : first_seen_;
  const Monotonic last_event(flow.out.last_event_ns);
  const bool ever = last_event.count() > 0;
  const auto since = ever ? std::max(last_event, opened) : opened;
  const auto age = now - opened;
  state_.silent = false;
  if (is_undecided(flow) || orphan_) return;
  if (age < silent_from_birth_after || emitted.count() == 0 || now - emitted >= silent_after)
    return;
  state_.silent = emitted > since && now - since >= (ever ? silent_after : silent_from_birth_after);
  const auto place = static_cast<std::size_t>(age_class(age));
  ++totals.judged[place];
  totals.silent[place] += state_.silent;
}

void SocketDelivery::advance(const fanfare_flow& flow, Monotonic now, const Owner* owner,
                             Monotonic emitted, Delivery& totals) {
  if (first_seen_.count() == 0) first_seen_ = now;
  if (over_) return;
  check(flow, totals);
  count_acks(flow.acks, totals);
  if (flow.life == FANFARE_CLOSED) {
    // An ACK may still be inside of the ingress hook; at the second sight none is.
    if (std::exchange(closed_, true)) {
      over_ = true;
      count_end(flow, totals);
    }
    state_ = {.inner = state_.inner};
    return;
  }
  look_at_waiting(flow, now, owner, totals);
  const bool waits = state_.unsent_bytes > 0 || flow.acks.count > 0;
  if (!is_undecided(flow) || waits) (state_.inner ? totals.inner : totals.edge) += 1;
  look_at_silence(flow, now, emitted, totals);
}

void SocketDelivery::move(Delivery& from, Delivery& to) const {
  for (std::size_t kind = 0; kind < in_flight_.size(); ++kind) {
    from.fates[kind].unknown += in_flight_[kind];
    to.fates[kind].written += in_flight_[kind];
  }
}

}  // namespace fanfare
