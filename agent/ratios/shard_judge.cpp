// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/shard_judge.h"

#include <algorithm>
#include <utility>

#include "agent/ratios/coverage.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr const char* blind_words = "the kernel programs were not attached";
constexpr auto recent_time = 10s;

// Client writes are never a denominator: on the failing node they are what is missing.
std::uint64_t due_of(const ShardDelta& delta) {
  return delta.replicates ? delta.commands : delta.accepted;
}

// What may hide in what was lost: of what left for clients, something seen; of what came to be due,
// something due. What clients send is due only where nothing is replicated, and a client can lose
// it at will: it never voids what left for others.
std::uint64_t maybe_due(const ShardDelta& delta) {
  return delta.replicates ? delta.losses.replication : delta.losses.in;
}

// Of the events that were due: those that may have been seen, but for `hidden` messages that left
// and could not be read. A share of the copies that is hidden hides such a share of the events, and
// each of them one at most.
double maybe_seen(const ShardDelta& delta, std::uint64_t due, std::uint64_t hidden) {
  if (hidden == 0) return 0;
  const auto copies = static_cast<double>(delta.copies + delta.own_copies);
  const auto lost = static_cast<double>(hidden);
  return std::min(lost, static_cast<double>(due) * lost / (copies + lost));
}

Cohort cohort_of(const ShardDelta& delta, std::uint64_t due, std::uint64_t seen,
                 std::uint64_t unidentified = 0) {
  const auto hidden = maybe_seen(delta, due, delta.losses.out + unidentified);
  const auto voiding = hidden + static_cast<double>(delta.losses.replication);
  Cohort cohort{.at = delta.at,
                .span = delta.span,
                .due = static_cast<double>(due),
                .seen = static_cast<double>(seen),
                .sockets = delta.sockets_synced,
                .losses = delta.losses.out + maybe_due(delta),
                .maybe_seen = hidden,
                .maybe_due = static_cast<double>(maybe_due(delta)),
                .coverage = std::nullopt,
                .unusable = {}};
  const auto open = delta.sockets_synced + delta.sockets_unsynced + delta.sockets_dark;
  if (open > 0)
    cohort.coverage = static_cast<double>(delta.sockets_synced) / static_cast<double>(open);
  // Above it the thinning of Baseline counts what the dark sockets have not shown as seen.
  if (delta.blind)
    cohort.unusable = blind_words;
  else if (cohort.coverage && *cohort.coverage < coverage_judged)
    cohort.unusable = "too few of the client sockets can be read";
  else if (voiding > 0 && voiding >= losses_judged * cohort.due)
    cohort.unusable = unidentified > delta.losses.out
                          ? "too many events carry no identity that can be read"
                          : "too much of this shard was lost in the capture";
  return cohort;
}

Cohort reach_cohort(const ShardDelta& delta, std::uint64_t due, bool late) {
  // Without replication only what was accepted here is due here.
  const auto reached = delta.replicates ? delta.reached : delta.reached_local;
  auto cohort = cohort_of(delta, due, reached, delta.unidentified);
  cohort.elsewhere = static_cast<double>(delta.reached - reached);
  cohort.late = late;
  return cohort;
}

}  // namespace

void Judge::ShardJudge::sum_recent(const ShardDelta& delta, std::uint64_t due,
                                   Judgement& judgement) {
  recent_.push_back(
      {delta.at, due, delta.losses,
       maybe_seen(delta, due, delta.losses.out) + static_cast<double>(delta.losses.replication)});
  while (delta.at - recent_.front().at >= recent_time) recent_.pop_front();
  for (const auto& tick : recent_) {
    judgement.due += tick.due;
    judgement.hidden += tick.hidden;
    judgement.losses.out += tick.losses.out;
    judgement.losses.in += tick.losses.in;
    judgement.losses.replication += tick.losses.replication;
  }
  judgement.relevant_losses = judgement.losses.out + judgement.losses.replication;
}

void Judge::ShardJudge::judge_peers(const ShardDelta& delta, Judgement& judgement) {
  std::uint64_t log_end = 0;
  known_peers_.clear();
  for (const auto& peer : delta.peers) known_peers_.push_back(peer.name);
  for (const auto& peer : delta.peers) log_end = std::max(log_end, peer.sent_index);
  // A log that was not known, or has begun anew, has not grown by its length.
  const auto grown = log_end_ > 0 && log_end > log_end_ ? log_end - log_end_ : 0;
  log_end_ = log_end;
  for (const auto& peer : delta.peers) {
    if (peer.sent_index == 0) continue;  // this node does not lead, or not to that peer
    Cohort cohort{.at = delta.at,
                  .span = delta.span,
                  .losses = peer.losses,
                  .coverage = std::nullopt,
                  .unusable = {}};
    if (delta.blind)
      cohort.unusable = blind_words;
    else if (peer.losses > 0)
      cohort.unusable = "part of what passes between was lost in the capture";
    auto& signal = peers[peer.name];
    judgement.signals.push_back(signal.advance(std::move(cohort), peer, log_end, grown));
    if (auto stall = signal.stall(delta.at)) judgement.stalls.push_back(std::move(*stall));
  }
}

void Judge::ShardJudge::forget_peers(std::chrono::nanoseconds now,
                                     std::chrono::nanoseconds patience) {
  std::map<std::string, std::chrono::nanoseconds> missing;
  for (const auto& [name, signal] : peers)
    if (std::ranges::find(known_peers_, name) == known_peers_.end()) missing.emplace(name, now);
  forget_missing_in(peers, missing, peers_missing_since_, now, patience);
}

void Judge::ShardJudge::clear(const std::string& peer, std::string_view signal) {
  const auto meant = [&](std::string_view name) { return signal.empty() || signal == name; };
  if (meant(signal_reach)) {
    reach.watch().clear();
    rooms.clear();
  }
  if (meant(signal_copies)) copies.watch().clear();
  for (auto& [name, watched] : peers)
    if (meant(signal_replication) && (peer.empty() || peer == name)) watched.watch().clear();
  for (auto& [name, block] : delivery.blocks())
    if (std::string_view(name).starts_with(signal)) block->watch().clear();
  if (meant(signal_accepted)) {
    delivery.accepted.state().lost = false;
    delivery.accepted.state().gap = delivery.accepted.state().gap_seconds = 0;
  }
  if (meant("sockets")) delivery.sockets_usual.state() = {};
}

// A late copy reaches too.
void Judge::ShardJudge::count_origins(const ShardDelta& delta) {
  origins_.known = delta.has_rooms;
  const EventOutcomes& events = delta.events;
  for (const auto& event : events.settled) {
    ++(event.local ? origins_.due_local : origins_.due_remote);
    if (event.copies > 0) ++(event.local ? origins_.reached_local : origins_.reached_remote);
  }
  for (const auto& event : events.late)
    ++(event.local ? origins_.reached_local : origins_.reached_remote);
}

// By rooms, where these can be read; then the share of all events, which rises and falls with the
// rooms that happen to have readers here, goes on learning and says nothing.
void Judge::ShardJudge::judge_reach(const ShardDelta& delta, std::uint64_t due,
                                    Judgement& judgement) {
  std::optional<Signal> by_rooms;
  if (delta.has_rooms) {
    rooms.advance(delta, lag.is_late());
    by_rooms = rooms.signal();
    judgement.rooms = rooms.figures();
  }
  std::optional<Signal> by_share;
  if (delta.identifies) by_share = reach.advance(reach_cohort(delta, due, lag.is_late()));
  if (by_rooms)
    judgement.signals.push_back(std::move(*by_rooms));
  else if (by_share)
    judgement.signals.push_back(std::move(*by_share));
}

Judgement Judge::ShardJudge::advance(const ShardDelta& delta) {
  const auto due = due_of(delta);
  Judgement judgement{.shard = delta.shard,
                      .at = delta.at,
                      .signals = {},
                      .stalls = {},
                      .coverage = cohort_of(delta, due, 0).coverage,
                      .sockets = delta.sockets_synced,
                      .delivery = {},
                      .absence = delta.absence,
                      .empty_for = delta.empty_for,
                      .last_socket = delta.last_socket};
  sum_recent(delta, due, judgement);
  lag.advance(delta);
  judgement.lag = lag.figures();
  count_origins(delta);
  judgement.origins = origins_;
  judge_reach(delta, due, judgement);
  copies_known_ = copies_known_ || delta.replicates || due > 0;
  if (copies_known_)
    judgement.signals.push_back(copies.advance(cohort_of(delta, due, delta.copies),
                                               delta.identifies ? reach.doubt() : Doubt::none));
  judge_peers(delta, judgement);
  delivery.advance(delta, judgement);
  return judgement;
}

}  // namespace fanfare
