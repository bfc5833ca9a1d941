// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/room_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "agent/ratios/loss_watch.h"

namespace fanfare {
namespace {

// ln 2 more for either of the runs by origin: together they cost as much as the one of all.
const std::array<double, room_runs> thresholds{loss_threshold, loss_threshold + std::log(2),
                                               loss_threshold + std::log(2)};
constexpr double usual_weight = 0.3;
// All readers of a smaller room are known by name: once they have gone nobody is left.
constexpr double all_known = event_receivers + 0.5;
constexpr double thinnest = 0.2;      // sockets that are left of those at the last hit
constexpr double settle_seconds = 6;  // settle time and a tick
constexpr double dark_misses = 3;
constexpr double dark_within = 120;  // s
constexpr double dark_every = 10;    // s
constexpr double dark_margin = 0.03;
// A start into a total stop: so many sockets, none of which has got anything for so long. Then half
// of the sockets, spread over the rooms that have had an event, is the least that reads them, and
// not more than one room in twenty is taken to have a reader at all.
constexpr double cold_sockets = 30;
constexpr double cold_seconds = 30;
constexpr double cold_readers = 0.5;
constexpr double cold_share = 0.05;
constexpr std::size_t cold_rooms_max = 10000;
constexpr double usual_seconds = 600;  // of the coverage of sockets

// The same few clients come back as other sockets, and move from room to room without a word: how
// many there are counts, not whom was missed.
double evidence_needed(double sockets) {
  constexpr double few = 10;
  if (sockets < rooms_needed) return std::numeric_limits<double>::infinity();
  return sockets < few ? 2 : 1;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

std::string_view run_name(RunOf run) {
  constexpr std::array<std::string_view, room_runs> names{"all", "remote", "local"};
  return names.at(static_cast<std::size_t>(run));
}

RoomJudge::RoomJudge()
    : runs_{RoomRun(thresholds[0]), RoomRun(thresholds[1]), RoomRun(thresholds[2])} {}

bool RoomJudge::has_left(SocketId socket, RoomId room) const {
  return std::ranges::any_of(left_, [&](const auto& left) {
    return left.second.socket == socket && left.second.room == room;
  });
}

void RoomJudge::close_and_leave(const EventOutcomes& events) {
  for (const SocketId socket : events.gone) witnesses_.close(socket, now_);
  while (!left_.empty() && left_.front().first + settle_seconds < now_) left_.pop_front();
  for (const LeftRoom& left : events.left) {
    left_.emplace_back(now_, left);
    KnownRoom* room = rooms_.find(left.room, now_, witnesses_);
    if (!room) continue;
    for (Witness& witness : room->witnesses)
      if (witnesses_.is_open(witness) && witnesses_.socket(witness) == left.socket) {
        witnesses_.drop(witness);
        witness.place = UINT32_MAX - 1;  // it had one, that is not there any more
      }
  }
}

// Fills open_.
bool RoomJudge::is_trial(const KnownRoom& room, const SettledEvent& event) {
  open_.clear();
  bool publisher_reads = false;
  bool known = false;
  for (const Witness witness : room.witnesses) {
    known = known || witness.place != UINT32_MAX;
    if (!witnesses_.is_open(witness)) continue;
    const SocketId socket = witnesses_.socket(witness);
    if (socket == event.publisher)
      publisher_reads = true;
    else
      open_.push_back(socket);
  }
  if (!open_.empty()) return true;
  if (known && (publisher_reads || room.usual < all_known)) return false;
  return sockets_ >= thinnest * room.open_then;
}

void RoomJudge::weigh(KnownRoom& room, const SettledEvent& event) {
  const bool named = std::ranges::any_of(
      room.witnesses, [](Witness witness) { return witness.place != UINT32_MAX; });
  const auto readers =
      named ? open_.size() : static_cast<std::size_t>(std::max(1.0, std::round(room.usual)));
  const auto kind = room_kind(readers, room.usual, now_ - room.last_hit);
  double share = coverage_;
  if (open_.empty() && room.open_then > 0) share *= std::min(1.0, sockets_ / room.open_then);
  bool capped = room.credit.now(now_) >= credit_cap;
  if (!capped && !open_.empty())
    capped = std::ranges::all_of(room.witnesses, [&](Witness witness) {
      return !witnesses_.is_open(witness) || witnesses_.socket(witness) == event.publisher ||
             witnesses_.credit(witness).now(now_) >= credit_cap;
    });
  const std::array<RoomId, 1> unnamed{room.id};
  double grown = -clamp_nats;
  for (const RunOf of : {RunOf::all, event.local ? RunOf::local : RunOf::remote}) {
    RoomRun& judged = run(of);
    grown = std::max(grown,
                     judged.take({.hit = event.copies > 0,
                                  .kind = kind,
                                  .least = share * judged.nulls().least(kind),
                                  .mean = share * judged.nulls().mean(kind),
                                  .capped = capped,
                                  .room = room.id,
                                  .witnesses = named ? std::span<const SocketId>(open_) : unnamed},
                                 now_));
  }
  if (capped || grown == 0) return;
  room.credit.add(grown, now_);
  for (const Witness witness : room.witnesses)
    if (witnesses_.is_open(witness) && witnesses_.socket(witness) != event.publisher)
      witnesses_.credit(witness).add(grown / static_cast<double>(open_.size()), now_);
}

// The event has reached somebody: they are the witnesses now.
void RoomJudge::see(KnownRoom& room, const SettledEvent& event) {
  const double copies = event.copies;
  room.usual = room.usual == 0 ? copies : room.usual + usual_weight * (copies - room.usual);
  room.last_hit = now_;
  room.open_then = sockets_;
  room.misses = 0;
  if (event.to.front() == 0) return;
  std::array<Witness, event_receivers> fresh{};
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (event.to[i] == 0) continue;
    fresh[i] = has_left(event.to[i], room.id) ? Witness{} : witnesses_.take(event.to[i], now_);
    if (fresh[i].place == UINT32_MAX) fresh[i].place = UINT32_MAX - 1;
  }
  for (const Witness witness : room.witnesses) witnesses_.drop(witness);
  room.witnesses = fresh;
}

void RoomJudge::judge_cold(const SettledEvent& event) {
  if (event.copies > 0 || sockets_ < cold_sockets) {
    unserved_.clear();
    unserved_since_ = now_;
  } else if (unserved_.size() < cold_rooms_max) {
    unserved_.insert(event.room);
  }
}

void RoomJudge::judge(const SettledEvent& event) {
  ++tick_.events;
  if (event.room == 0) return;
  ++tick_.with_room;
  KnownRoom* room = rooms_.find(event.room, now_, witnesses_);
  if (rooms_.all().empty()) judge_cold(event);
  if (!room) {
    if (event.copies > 0) see(rooms_.add(event.room, now_, witnesses_), event);
    return;
  }
  const bool trial = !catches_up_ && is_trial(*room, event);
  if (trial) {
    ++tick_.trials;
    tick_.hits += event.copies > 0;
    weigh(*room, event);
  }
  if (event.copies > 0)
    see(*room, event);
  else if (trial)
    ++room->misses;
  rooms_.touch(*room, now_);
}

void RoomJudge::measure_coverage(const ShardDelta& delta) {
  std::uint64_t copies = delta.copies;
  if (copies == 0)
    for (const auto& event : delta.events.settled) copies += event.copies;
  const auto seen = static_cast<double>(copies);
  read_.add(at_, seen, seen + static_cast<double>(delta.losses.out));
  coverage_ = read_.ratio(at_).value.value_or(1);
  const auto synced = static_cast<double>(delta.sockets_synced);
  const auto open = synced + static_cast<double>(delta.sockets_unsynced + delta.sockets_dark);
  sockets_ = synced;
  if (open <= 0) return;
  // Sockets that cannot be read from the start on are nobody's witnesses; those that get lost are.
  const double covered = synced / open;
  if (usual_cover_ > 0) coverage_ *= std::min(1.0, covered / usual_cover_);
  const double weight = usual_cover_ > 0 ? std::min(1.0, seconds(delta.span) / usual_seconds) : 1.0;
  usual_cover_ += weight * (covered - usual_cover_);
}

// A server that has just started gets what the log has grown by meanwhile, in one go, and need not
// tell it to clients who were not there: a burst behind a restart is due to nobody.
void RoomJudge::look_for_catch_up(const ShardDelta& delta) {
  constexpr double burst = 3;
  constexpr double rate_seconds = 60;
  const double span = std::max(seconds(delta.span), 1e-3);
  const double rate = static_cast<double>(delta.events.settled.size()) / span;
  gone_.add(at_, static_cast<double>(delta.events.gone.size()), 1);
  catches_up_ = gone_.ratio(at_).numerator >= 0.5 * sockets_ && rate > burst * usual_rate_ + 1;
  if (catches_up_) return;
  rate_age_ = std::min(rate_age_ + span, rate_seconds);
  usual_rate_ += std::min(1.0, span / rate_age_) * (rate - usual_rate_);
}

void RoomJudge::advance(const ShardDelta& delta, bool late) {
  at_ = delta.at;
  now_ = seconds(at_);
  tick_ = {};
  for (RoomRun& run : runs_) run.resume(now_);
  if (dark_at_ == 0) dark_at_ = unserved_since_ = now_;
  measure_coverage(delta);
  look_for_catch_up(delta);
  close_and_leave(delta.events);
  if (delta.blind) return;
  for (const auto& event : delta.events.settled) judge(event);
  for (const auto& event : delta.events.late)
    if (KnownRoom* room = rooms_.find(event.room, now_, witnesses_)) room->last_hit = now_;
  end_tick(late);
}

double RoomJudge::dark_share() const {
  double served = 0;
  double dark = 0;
  for (const KnownRoom& room : rooms_.all()) {
    if (room.last_event + dark_within < now_) break;
    if (std::ranges::none_of(room.witnesses,
                             [&](Witness each) { return witnesses_.is_open(each); }))
      continue;
    (room.misses >= dark_misses ? dark : served) += 1;
  }
  return served + dark > 0 ? dark / (served + dark) : 0;
}

void RoomJudge::end_tick(bool late) {
  judged_.add(at_, tick_.hits, tick_.trials);
  roomed_.add(at_, tick_.with_room, tick_.events);
  minute_.add(at_, tick_.trials, 60);
  const bool suspicious = std::ranges::any_of(
      runs_, [](const RoomRun& run) { return run.lost() || run.evidence() > suspicion; });
  if (now_ - dark_at_ >= dark_every || suspicious) {
    dark_now_ = dark_share();
    if (!suspicious) dark_base_ += 0.05 * (dark_now_ - dark_base_);
    dark_at_ = now_;
  }
  const bool dark = dark_now_ > dark_base_ + std::max(dark_base_, dark_margin);
  for (RoomRun& run : runs_)
    run.end_tick({.now = now_, .held = late || dark, .needed = evidence_needed(sockets_)});
  const auto rooms = static_cast<double>(unserved_.size());
  if (now_ - unserved_since_ < cold_seconds || rooms == 0) return;
  const double share = std::min(cold_share, cold_readers * sockets_ / rooms);
  if (-rooms * std::log1p(-share) >= loss_threshold)
    run(RunOf::all).believe_total(now_, unserved_since_, rooms);
}

}  // namespace fanfare
