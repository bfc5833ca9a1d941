// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/peer_signal.h"

#include <utility>

namespace fanfare {
namespace {

constexpr double null = 0.999;
constexpr std::chrono::seconds alive_time{
    3};  // after an answer; heartbeats come ten times a second
constexpr std::chrono::seconds stall_time{10};
constexpr std::chrono::seconds silent_time{10};  // without an RPC to it this node does not lead

}  // namespace

PeerSignal::PeerSignal() : watch_(binomial_grid.size()) {}

void PeerSignal::follow(std::chrono::nanoseconds now, const PeerDelta& peer,
                        std::uint64_t log_end) {
  name_ = peer.name;
  watch_.resume(now);
  if (peer.answers_in > 0) answered_ = now;
  if (peer.rpcs_out > 0) addressed_ = now;
  if (now - addressed_ > silent_time) watch_ = LossWatch(binomial_grid.size());
  const bool alive = answered_ && now - *answered_ <= alive_time;
  const auto confirmed = peer.confirmed_index;
  behind_ = alive && confirmed > 0 && log_end > confirmed ? log_end - confirmed : 0;
  if (behind_ == 0 || confirmed != confirmed_) moved_ = now;
  if (!alive || confirmed < confirmed_) caught_up_ = false;
  // With traffic a peer is always a little behind: caught up is who has all of a tick ago.
  else if (confirmed > 0 && log_end_ > 0 && confirmed >= log_end_)
    caught_up_ = true;
}

bool PeerSignal::is_late(std::chrono::nanoseconds now) const {
  std::uint64_t settled = 0;
  for (const auto& [at, log_end] : log_ends_)
    if (now - at >= settle_time) settled = log_end;
  return settled > 0 && confirmed_ < settled;
}

Signal PeerSignal::advance(Cohort cohort, const PeerDelta& peer, std::uint64_t log_end,
                           std::uint64_t grown) {
  const auto now = cohort.at;
  const bool judged = caught_up_;  // before this tick, so that its progress is from the log's end
  const auto before = confirmed_;
  while (log_ends_.size() > 1 && now - log_ends_[1].first >= settle_time) log_ends_.pop_front();
  follow(now, peer, log_end);
  cohort.due = judged && caught_up_ ? static_cast<double>(grown) : 0;
  cohort.seen = judged && peer.confirmed_index > before
                    ? static_cast<double>(peer.confirmed_index - before)
                    : 0;
  cohort.capacity = cohort.due;
  log_ends_.emplace_back(now, log_end);
  log_end_ = log_end;
  confirmed_ = peer.confirmed_index;
  cohort.late = is_late(now);

  const ShareTest test(null);
  cohorts_.add(std::move(cohort));
  // Also what it has not confirmed before its silence was noticed.
  if (!caught_up_) cohorts_.spoil("the peer does not answer, or has not caught up yet");
  while (const auto settled = cohorts_.take(now)) {
    if (settled->due > 0 && settled->unusable.empty())
      watch_.advance(*settled, settled->due * null, test);
    settled_.add(*settled);
  }
  return {.name = signal_replication,
          .peer = name_,
          .ratio = settled_.ratio(now),
          .normal = null,
          .learned = std::nullopt,
          .evidence = watch_.evidence(),
          .threshold = loss_threshold,
          .loss_estimate = watch_.loss_estimate(),
          .detectable_loss = detectable_.at(now,
                                            [&] {
                                              return detectable_loss(
                                                  test, null, 300 * settled_.due_per_second(now),
                                                  loss_threshold);
                                            }),
          .lost = watch_.lost(),
          .lost_since = watch_.lost_since(),
          .recovery = watch_.recovery()};
}

std::optional<Stall> PeerSignal::stall(std::chrono::nanoseconds now) const {
  if (behind_ == 0 || now - moved_ < stall_time) return std::nullopt;
  return Stall{.peer = name_, .behind = behind_, .since = moved_};
}

}  // namespace fanfare
