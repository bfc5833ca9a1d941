// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/delivery_judge.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr double longest_lost = 100;   // s of a socket's traffic that a close counts at most
constexpr double usual_after = 600;    // s of sockets, before their mean is known
constexpr double stands_out = 0.1;     // of the silent share, above that of the other ages
constexpr double least_judged = 10;    // sockets of an age, to stand out
constexpr double least_compared = 30;  // sockets of an age, to be judged against the others
constexpr auto quiet_block = 1min;
constexpr auto recent_time = 1min;
constexpr auto errors_kept = 10min;
// Levels of traffic are told apart from 1 event in 1,000 s on.
constexpr double level_unit = 1000;

double seconds(const ShardDelta& delta) {
  return std::chrono::duration<double>(delta.span).count();
}

double number(std::uint64_t count) { return static_cast<double>(count); }

std::uint64_t sum(const auto& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

const Fate& events(const ShardDelta& delta) { return delta.delivery.fates[FANFARE_FATE_EVENT]; }

// The youngest have not had the time to be silent.
std::uint64_t older_than_a_minute(const std::array<std::uint64_t, age_classes>& counts) {
  return sum(counts) - counts[static_cast<std::size_t>(AgeClass::minute)];
}

// Before a restart of the agent.
bool is_learned(const BlockSignal& signal) {
  return signal.learner().baseline().learned_seconds() > 0;
}

bool says_more(const Signal& one, const Signal& other) {
  return one.lost != other.lost ? one.lost : one.evidence > other.evidence;
}

struct SilentAge {
  AgeClass age;
  double beyond;  // its silent share less that of all others, -1..1
};

// The age that stands out most, of those with so many judged sockets, and as many of other ages.
std::optional<SilentAge> silent_age(const Delivery& now, double least) {
  std::optional<SilentAge> found;
  const double all = number(older_than_a_minute(now.judged));
  const double all_silent = number(older_than_a_minute(now.silent));
  for (auto age = static_cast<std::size_t>(AgeClass::ten_minutes); age < age_classes; ++age) {
    const double judged = number(now.judged[age]);
    const double others = all - judged;
    if (judged < least || others < least) continue;
    const double silent = number(now.silent[age]);
    const double beyond = silent / judged - (all_silent - silent) / others;
    if (!found || beyond > found->beyond) found = {static_cast<AgeClass>(age), beyond};
  }
  return found;
}

}  // namespace

void FadingMean::add(double amount, double seconds) {
  const double fading = std::exp(-seconds / time_);
  state_.sum = state_.sum * fading + amount;
  state_.seconds = state_.seconds * fading + seconds;
  state_.age += seconds;
}

std::array<std::pair<const char*, BlockSignal*>, 5> DeliveryJudge::blocks() {
  return {{{signal_ack_fate, &ack_fate},
           {signal_close_loss, &close_loss},
           {signal_silence, &silence},
           {"silence_by_age", &silence_by_age},
           {signal_stuck, &stuck}}};
}

std::array<std::pair<const char*, const BlockSignal*>, 5> DeliveryJudge::blocks() const {
  return {{{signal_ack_fate, &ack_fate},
           {signal_close_loss, &close_loss},
           {signal_silence, &silence},
           {"silence_by_age", &silence_by_age},
           {signal_stuck, &stuck}}};
}

BlockTick DeliveryJudge::block_tick(const ShardDelta& delta) const {
  return {.at = delta.at, .span = delta.span, .usable = delta.delivery.bookkeeping_error == 0};
}

void DeliveryJudge::sum_recent(const ShardDelta& delta, DeliveryFigures& figures) {
  recent_.push_back(
      {delta.at, events(delta), delta.delivery.ended, sum(delta.delivery.unsent_lost)});
  while (delta.at - recent_.front().at >= recent_time) recent_.pop_front();
  for (const auto& tick : recent_) {
    figures.acked += tick.fate.acked;
    figures.unknown += tick.fate.unknown;
    figures.closed += tick.closed;
    figures.unsent_lost += tick.unsent_lost;
    for (std::size_t i = 0; i < end_reasons; ++i) figures.lost[i] += tick.fate.lost[i];
  }
}

void DeliveryJudge::judge_bookkeeping(const ShardDelta& delta, DeliveryFigures& figures) {
  if (delta.delivery.bookkeeping_error > 0)
    errors_.emplace_back(delta.at, delta.delivery.bookkeeping_error);
  while (!errors_.empty() && delta.at - errors_.front().first >= errors_kept) errors_.pop_front();
  for (const auto& [at, error] : errors_) figures.bookkeeping_error += error;
}

void DeliveryJudge::judge_acks(const ShardDelta& delta, Judgement& judgement) {
  const auto& fate = events(delta);
  auto tick = block_tick(delta);
  tick.bad = number(sum(fate.lost));
  tick.all = number(fate.acked) + tick.bad;
  // From the first client on, and not from the first ack: rows that come later move a page.
  acks_known_ = acks_known_ || delta.delivery.edge + delta.delivery.inner > 0 || tick.all > 0 ||
                is_learned(ack_fate);
  if (!acks_known_) return;
  acks_shown_.add(delta.at, number(fate.acked), tick.all);
  auto& signal = judgement.signals.emplace_back(ack_fate.advance(tick));
  signal.ratio = acks_shown_.ratio(delta.at);
  if (signal.normal) signal.normal = 1 - *signal.normal;
}

double DeliveryJudge::lost_with_sockets(const ShardDelta& delta) {
  event_bytes_.add(number(delta.event_bytes_out), seconds(delta));
  events_out_.add(number(delta.events_out), seconds(delta));
  const double lost = number(sum(events(delta).lost));
  const double unsent = number(sum(delta.delivery.unsent_lost));
  if (unsent <= 0 || event_bytes_.per_second() <= 0) return lost;
  return lost + unsent * events_out_.per_second() / event_bytes_.per_second();
}

// While sockets are believed to lose events, a minute without a close is well: a roll-out that has
// been stopped would else be told of until as many sockets have closed in health.
void DeliveryJudge::prove_quiet(const ShardDelta& delta, BlockTick& tick) {
  quiet_ = delta.delivery.ended > 0 ? 0ns : quiet_ + delta.span;
  if (!close_loss.watch().lost() || quiet_ < quiet_block || delta.events_out == 0) return;
  quiet_ = {};
  tick.all = longest_lost;
}

void DeliveryJudge::judge_closes(const ShardDelta& delta, Judgement& judgement) {
  const double sockets = number(std::max<std::uint64_t>(delta.sockets_synced, 1));
  const double lost = lost_with_sockets(delta);
  copies_.add(number(delta.copies + delta.own_copies), seconds(delta));
  const double for_a_socket = copies_.per_second() / sockets;  // 1/s
  auto tick = block_tick(delta);
  const double ended = number(delta.delivery.ended);
  tick.all = ended * longest_lost;
  if (lost > 0) tick.bad = for_a_socket > 0 ? std::min(lost / for_a_socket, tick.all) : tick.all;
  prove_quiet(delta, tick);
  closes_known_ = closes_known_ || tick.all > 0 || is_learned(close_loss);
  if (!closes_known_) return;
  closes_shown_.add(delta.at, lost, ended);
  auto& signal = judgement.signals.emplace_back(close_loss.advance(tick));
  signal.ratio = closes_shown_.ratio(delta.at);
  if (signal.normal) signal.normal = *signal.normal * longest_lost * for_a_socket;
}

// An age that is silent beyond the others, as far as more are silent in all than of late: where a
// quiet room's clients connect anew, as many are silent as before. Where all are of one age there
// is nothing to compare with; what was lost is over then when no more are silent than before it.
Signal DeliveryJudge::silence_of_an_age(const ShardDelta& delta) {
  auto tick = block_tick(delta);
  const double judged = number(older_than_a_minute(delta.delivery.judged));
  if (judged <= 0 || delta.copies + delta.own_copies == 0) return silence_by_age.advance(tick);
  const double share = number(older_than_a_minute(delta.delivery.silent)) / judged;
  const bool known = silent_usual_.state().age >= usual_after;
  const double more = share - (known ? silent_usual_.per_second() : 0);
  const auto& watch = silence_by_age.watch();
  const auto age = silent_age(delta.delivery, least_compared);
  tick.all = watch.lost() || (age && known) ? 1 : 0;
  tick.bad = std::max(0.0, age ? std::min(age->beyond, more) : more);
  if (!watch.suspicious()) silent_usual_.add(share * seconds(delta), seconds(delta));
  return silence_by_age.advance(tick);
}

void DeliveryJudge::judge_silence(const ShardDelta& delta, Judgement& judgement) {
  due_.add(number(delta.replicates ? delta.commands : delta.accepted), seconds(delta));
  const double emitted = number(delta.copies + delta.own_copies);
  emitted_.add(emitted, seconds(delta));
  // By what is due, where that is known: a fault leaves it as it is.
  const double traffic = due_.per_second() > 0 ? due_.per_second() : emitted_.per_second();
  auto tick = block_tick(delta);
  tick.key = static_cast<std::uint64_t>(std::max(1.0, traffic * level_unit));
  const double judged = number(older_than_a_minute(delta.delivery.judged));
  const double silent = number(older_than_a_minute(delta.delivery.silent));
  silence_known_ = silence_known_ || judged > 0 || is_learned(silence);
  if (!silence_known_) return;
  if (emitted > 0) {
    tick.all = judged;
    tick.bad = silent;
  }
  silence_shown_.add(delta.at, tick.bad, tick.all);
  auto& signal = judgement.signals.emplace_back(silence.advance(tick));
  const auto normal = signal.normal;
  const double estimate = signal.loss_estimate;
  auto of_an_age = silence_of_an_age(delta);
  if (says_more(of_an_age, signal)) signal = std::move(of_an_age);
  signal.normal = normal;
  signal.loss_estimate = std::max(signal.loss_estimate, estimate);
  signal.ratio = silence_shown_.ratio(delta.at);
  const auto age = silent_age(delta.delivery, least_judged);
  if (age && age->beyond >= stands_out) judgement.delivery.silent_age = age->age;
}

void DeliveryJudge::judge_stuck(const ShardDelta& delta, Judgement& judgement) {
  if (!acks_known_) return;
  auto tick = block_tick(delta);
  tick.all = number(judgement.delivery.followed);
  tick.bad = number(delta.delivery.stuck);
  stuck_shown_.add(delta.at, tick.bad, tick.all);
  auto& signal = judgement.signals.emplace_back(stuck.advance(tick));
  signal.ratio = stuck_shown_.ratio(delta.at);
}

void DeliveryJudge::judge_accepted(const ShardDelta& delta, Judgement& judgement) {
  auto& figures = judgement.delivery;
  figures.sockets = delta.sockets_synced + delta.sockets_unsynced + delta.sockets_dark;
  const bool usual_known = sockets_usual.state().age >= usual_after;
  figures.sockets_usual = usual_known ? sockets_usual.per_second() : 0;
  // That there is no socket becomes usual over days, not within the hour.
  const double learned = figures.sockets > 0 ? seconds(delta) : seconds(delta) / 24;
  sockets_usual.add(number(figures.sockets) * learned, learned);
  accepted_known_ =
      accepted_known_ || acks_known_ || delta.published > 0 || accepted.state().age > 0;
  if (!accepted_known_) return;
  const bool settled = figures.sockets > 0 && !is_collapsed(figures);
  judgement.signals.push_back(
      accepted.advance(delta.at, delta.span, number(delta.published), settled));
}

void DeliveryJudge::advance(const ShardDelta& delta, Judgement& judgement) {
  auto& figures = judgement.delivery;
  figures.now = delta.delivery;
  figures.followed = delta.delivery.edge > 0 ? delta.delivery.edge : delta.sockets_synced;
  figures.inner_only = delta.delivery.inner > 0 && delta.delivery.edge == 0;
  sum_recent(delta, figures);
  judge_bookkeeping(delta, figures);
  judge_acks(delta, judgement);
  judge_closes(delta, judgement);
  judge_silence(delta, judgement);
  judge_stuck(delta, judgement);
  judge_accepted(delta, judgement);
}

}  // namespace fanfare
