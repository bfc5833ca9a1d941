// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/event_signal.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fanfare {
namespace {

constexpr double tolerance = 0.98;  // of what is normal: ordinary drift lies within the null
constexpr double greatest_null = 0.999;
// While nothing is learned, see learning_test.
constexpr double learning_null = 0.2;
constexpr double learning_sockets = 20;
constexpr double doubt = 12;          // nats by which the learned mean may be wrong: e^-12
constexpr double new_dispersion = 3;  // of reach, until learned
constexpr double new_variation = 3;   // CV of copies an event, until learned
constexpr double moment_margin = 2;   // the second moment may double
// Losses, as a share of what is due, from which on a cohort does not say what is normal.
constexpr double learned_losses = 0.002;

// A first start into a total stop is found after 100 events; few sockets may concern few events.
ShareTest learning_test(std::uint64_t sockets) {
  return ShareTest(learning_null * std::min(1.0, static_cast<double>(sockets) / learning_sockets));
}

// Null: the least share that what was learned does not contradict by 12 nats (100 events say less
// than a million), times tolerance and thinning. The counts, of events that share their fate, weigh
// by their dispersion, as do those under test.
ShareTest reach_test(const Normal& normal, const Dispersion& dispersion) {
  const auto dispersed = [&](double share) {
    const double variance = std::max(share * (1 - share), 1e-3);
    return std::max(1.0, dispersion.variance(new_dispersion * variance) / variance);
  };
  const double learned = normal.events / dispersed(tolerance * normal.usual);
  const double least = binomial_lower_bound(learned, learned * normal.usual, doubt);
  const double null = std::min(greatest_null, tolerance * least * normal.thinning);
  return ShareTest(null, dispersed(std::min(null, tolerance * normal.usual)));
}

// The same for a mean: m - sqrt(2 * doubt * variance / events) is the normal law's bound. The
// second moment is that of batches, for events that share their fate (Dispersion), doubled.
Moments copies_null(const Normal& normal, const Dispersion& dispersion) {
  const double prior = new_variation * new_variation * normal.usual * normal.usual;
  const double variance = dispersion.variance(prior);
  const double error = std::sqrt(2 * doubt * variance / normal.events);
  const double least = std::max(normal.usual - error, normal.usual * 0.05);
  const double scale = tolerance * normal.thinning;
  return {scale * least, moment_margin * (normal.usual * normal.usual + variance) * scale};
}

}  // namespace

EventSignal::EventSignal(Outcome outcome)
    : outcome_(outcome),
      cohorts_(outcome == Outcome::reach ? Surplus::dropped : Surplus::kept),
      watch_(outcome == Outcome::reach ? binomial_grid.size() : two_moment_grid.size()) {}

std::optional<double> EventSignal::normal(std::uint64_t sockets) const {
  const auto normal = learner_.baseline().normal(sockets);
  return normal ? std::optional(normal->value) : std::nullopt;
}

std::unique_ptr<LossTest> EventSignal::test_against(const Normal& normal) const {
  if (outcome_ == Outcome::reach)
    return std::make_unique<ShareTest>(reach_test(normal, learner_.dispersion()));
  return std::make_unique<SumTest>(copies_null(normal, learner_.dispersion()));
}

// Copies that only other nodes' events get may be those of this node's own, under another identity.
// Before reach is known only a total stop is told from health: a large shard, of which few events
// concern this node, is not called ill. Copies wait.
void EventSignal::judge_unlearned(const Cohort& cohort) {
  const bool never_seen = learner_.baseline().seen() + cohort.seen == 0 &&
                          cohort.elsewhere + settled_.sums(cohort.at).elsewhere == 0;
  if (outcome_ == Outcome::reach && (never_seen || watch_.lost()))
    watch_.advance(cohort, cohort.due * learning_null, learning_test(cohort.sockets));
  else
    watch_.forget();
}

Doubt EventSignal::doubt() const {
  if (watch_.lost()) return Doubt::lost;
  return watch_.suspicious() ? Doubt::suspicious : Doubt::none;
}

// Where figures contradict each other too much has been seen, if anything: what is missing all the
// same is evidence, but nothing proves a recovery, or says what is normal.
void EventSignal::judge(Cohort cohort, Doubt others) {
  if (cohort.sockets == 0 || cohort.due <= 0 || !cohort.unusable.empty()) return;
  const bool contradicted = !contradiction_.text().empty();
  if (contradicted && watch_.lost()) return;
  if (outcome_ == Outcome::reach)
    cohort.maybe_seen = std::min(cohort.maybe_seen, cohort.due - cohort.seen);
  const auto normal = learner_.baseline().normal(cohort.sockets);
  if (normal)
    watch_.advance(cohort, cohort.due * normal->value, *test_against(*normal));
  else
    judge_unlearned(cohort);
  if (contradicted || cohort.maybe_seen > learned_losses * cohort.due) return;
  cohort.due += cohort.maybe_due;
  learner_.learn(cohort, std::max(others, normal || watch_.lost() ? doubt() : Doubt::none));
}

Signal EventSignal::advance(Cohort cohort, Doubt others) {
  const auto now = cohort.at;
  watch_.resume(now);
  if (cohort.sockets > 0) sockets_ = cohort.sockets;
  const auto mean = normal(cohort.sockets);
  cohort.capacity = outcome_ == Outcome::reach ? cohort.due : cohort.due * mean.value_or(0);
  cohorts_.add(std::move(cohort));
  while (auto settled = cohorts_.take(now)) {
    judge(*settled, others);
    if (settled->sockets == 0) settled->due = settled->seen = settled->surplus = 0;
    settled_.add(*settled);
    if (outcome_ == Outcome::reach)
      contradiction_.advance(settled->at, settled_.sums(now), learner_.baseline().seen() > 0);
  }
  Signal signal{
      .name = outcome_ == Outcome::reach ? signal_reach : signal_copies,
      .peer = {},
      .ratio = settled_.ratio(now),
      .normal = normal(sockets_),
      .learned = std::chrono::seconds(static_cast<long>(learner_.baseline().learned_seconds())),
      .evidence = watch_.evidence(),
      .threshold = loss_threshold,
      .loss_estimate = watch_.loss_estimate(),
      .lost = watch_.lost(),
      .lost_since = watch_.lost_since(),
      .recovery = watch_.recovery()};
  if (!contradiction_.text().empty()) {
    signal.ratio.value.reset();
    signal.ratio.unknown = contradiction_.text();
    signal.ratio.contradiction = true;
  }
  if (const auto normal = learner_.baseline().normal(sockets_))
    signal.detectable_loss = detectable_.at(now, [&] {
      return detectable_loss(*test_against(*normal), normal->value,
                             300 * settled_.due_per_second(now), loss_threshold);
    });
  return signal;
}

}  // namespace fanfare
