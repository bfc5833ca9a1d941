// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/room_run.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/ratios/ecusum.h"
#include "agent/ratios/loss_test.h"
#include "agent/ratios/loss_watch.h"

namespace fanfare {
namespace {

constexpr double shortest_loss = 60;  // s
constexpr double least_loss = 0.02;   // of a recovery test

const std::array<double, room_grid.size()> log_grid = [] {
  std::array<double, room_grid.size()> logs{};
  std::ranges::transform(room_grid, logs.begin(), [](double q) { return std::log(q); });
  return logs;
}();

double missing(double expected, double seen) {
  return expected > 0 ? std::clamp(1 - seen / expected, 0.0, 1.0) : 0;
}

// Up to rooms_needed different ones.
template <typename Id>
void note(std::vector<Id>& noted, Id id) {
  if (noted.size() < rooms_needed && std::ranges::find(noted, id) == noted.end())
    noted.push_back(id);
}

}  // namespace

// ln of the mixture: hit ln q, miss ln((1 - p q) / (1 - p)), reflected at 0 (ecusum.h).
double RoomRun::weigh(const RoomTrial& trial) {
  double sum = 0;
  double highest = 0;
  for (std::size_t i = 0; i < room_grid.size(); ++i) {
    const double step =
        trial.hit ? log_grid[i] : std::log((1 - trial.least * room_grid[i]) / (1 - trial.least));
    auto& nats = state_.nats[i];
    nats = std::min(std::max(nats, 0.0) + step, threshold_ + 200);
    highest = std::max(highest, nats);
  }
  if (highest <= 0) return 0;
  for (const double nats : state_.nats) sum += std::exp(nats - highest);
  return std::max(0.0, highest + std::log(sum / room_grid.size()));
}

double RoomRun::take(const RoomTrial& trial, double now) {
  const bool suspicious = state_.lost || evidence_ > suspicion;
  if (!suspicious) nulls_.learn(trial.kind, trial.hit);
  if (state_.lost) test_recovery(trial);
  if (state_.trials == 0) state_.since = now;
  state_.trials += 1;
  state_.expected += trial.mean;
  state_.seen += trial.hit;
  if (trial.capped) return 0;
  const double before = std::exchange(evidence_, weigh(trial));
  if (evidence_ <= 0) {
    state_.trials = state_.expected = state_.seen = 0;
    rooms_.clear();
    witnesses_.clear();
  } else if (!trial.hit) {
    note(rooms_, trial.room);
    for (const SocketId socket : trial.witnesses) note(witnesses_, socket);
  }
  return evidence_ - before;
}

void RoomRun::begin_loss() {
  const double lost = missing(state_.expected, state_.seen);
  state_.lost = true;
  state_.lost_since = state_.since;
  state_.lost_expected = state_.expected;
  state_.lost_seen = state_.seen;
  state_.pending_expected = state_.pending_seen = 0;
  state_.worst = lost;
  state_.recovery = recovery_floor;
}

void RoomRun::believe_total(double now, double since, double events) {
  if (state_.lost) return;
  evidence_ = std::max(evidence_, threshold_);
  state_.expected = events;
  state_.seen = 0;
  state_.since = std::min(since, now);
  begin_loss();
}

// Toward half of the loss, as LossWatch does it.
void RoomRun::test_recovery(const RoomTrial& trial) {
  state_.pending_expected += trial.mean;
  state_.pending_seen += trial.hit;
  state_.recovery +=
      binomial_recovery(1, trial.hit, trial.least, std::max(state_.worst, least_loss));
  state_.recovery = std::min(state_.recovery, recovery_threshold);
  if (state_.recovery > recovery_floor) return;
  state_.recovery = recovery_floor;
  state_.lost_expected += std::exchange(state_.pending_expected, 0);
  state_.lost_seen += std::exchange(state_.pending_seen, 0);
  state_.worst = std::max(state_.worst, missing(state_.lost_expected, state_.lost_seen));
}

void RoomRun::end_tick(const TickEnd& end) {
  if (state_.lost) {
    const bool proven = state_.recovery >= recovery_threshold;
    if (proven && !end.held && end.now - state_.lost_since >= shortest_loss) clear();
    return;
  }
  const bool over = evidence_ >= end.needed * threshold_ && rooms_.size() >= rooms_needed &&
                    witnesses_.size() >= rooms_needed;
  if (over && over_) begin_loss();
  over_ = over;
}

double RoomRun::loss_estimate() const {
  if (state_.lost) return missing(state_.lost_expected, state_.lost_seen);
  return evidence_ > 0 ? missing(state_.expected, state_.seen) : 0;
}

double RoomRun::recovery() const { return state_.lost ? std::max(0.0, state_.recovery) : 0; }

double RoomRun::detectable_loss(double trials) const {
  const auto mean = nulls_.usual_mean();
  const auto least = nulls_.usual_least();
  if (!mean || !least) return 1;
  return fanfare::detectable_loss(ShareTest(*least), *mean, trials, threshold_);
}

void RoomRun::clear() {
  state_ = {};
  evidence_ = 0;
  over_ = false;
  rooms_.clear();
  witnesses_.clear();
}

// What was missed by whom is not kept: a loss that was not told yet finds its four rooms anew.
void RoomRun::restore(const State& state) {
  clear();
  if (!state.lost) return;
  state_ = state;
  state_.lost_since = 0;
  state_.recovery = recovery_floor;
  evidence_ = threshold_;
}

void RoomRun::resume(double now) {
  if (state_.lost && state_.lost_since == 0) state_.lost_since = now;
}

}  // namespace fanfare
