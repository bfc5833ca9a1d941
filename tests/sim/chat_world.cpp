// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/chat_world.h"

#include <algorithm>
#include <cmath>

namespace fanfare::sim {
namespace {

// Of the life before the agent's: so often the rate is set, after so many seconds or events.
constexpr int parts_before = 5;
constexpr double seconds_before = 300, events_before = 800;
constexpr Second settle_seconds = 5;
constexpr double seconds_an_event = 300;  // of each user online

CrowdShape crowd_of(const WorldShape& shape) {
  CrowdShape crowd = shape.crowd;
  if (crowd.online <= 0)
    crowd.online = std::clamp(shape.events_per_second * seconds_an_event, 150., 30000.);
  return crowd;
}

RoomId key_of(Room room) { return mixed(room + 1ULL); }

}  // namespace

ChatWorld::ChatWorld(const WorldShape& shape, Laws laws, std::uint64_t seed)
    : shape_(shape),
      laws_(std::move(laws)),
      chance_(seed * 2 + 1),
      crowd_(crowd_of(shape), seed * 2),
      deltas_(1) {
  crowd_.readers_leave_first_frame = shape.leave_frames;
  named_.assign(crowd_.rooms(), -1e9);
  ShardDelta& delta = deltas_.front();
  delta.shard = "chat";
  delta.span = std::chrono::seconds(1);
  delta.replicates = shape.replicates;
  delta.identifies = shape.identifies;
  delta.has_rooms = shape.reads_rooms && shape.identifies;
  if (shape.replicates && shape.crowd.nodes > 1)
    for (unsigned node = 1; node < shape.crowd.nodes; ++node)
      delta.peers.push_back({.name = "node-" + std::to_string(node)});
  live_before();
}

// Until sessions and talk are what they are in the long run, and the rate is what was asked for.
void ChatWorld::live_before() {
  const Laws laws = std::move(laws_);
  laws_.clear();
  immigrants_ = shape_.events_per_second * (1 - shape_.branching) / std::max(1U, crowd_.online());
  const double seconds = std::max(seconds_before, events_before / shape_.events_per_second);
  for (int part = 0; part < parts_before; ++part) {
    produced_ = 0;
    for (double second = 0; second < seconds; ++second) advance();
    const double rate = produced_ / seconds;
    immigrants_ *= std::clamp(shape_.events_per_second / std::max(rate, 1e-3), .6, 1.7);
  }
  laws_ = laws;
  lived_ = now_;
  truth_ = {};
}

const std::vector<ShardDelta>& ChatWorld::advance() {
  ++now_;
  ShardDelta& delta = deltas_.front();
  delta.at = std::chrono::seconds(now_ + 1000);
  delta.published = delta.accepted = delta.commands = delta.reached = delta.reached_local = 0;
  delta.copies = delta.own_copies = delta.events_out = 0;
  delta.losses = {};
  delta.delivery = {};
  delta.events.settled.clear();
  delta.events.late.clear();
  copied_.clear();
  hidden_ = 0;

  is_ = {};
  crowd_.begin_second();
  apply_laws();
  crowd_.advance(now_);
  be_born();
  copying_.advance(now_, [&](FlightId id) { copy(id); });
  lose_sight();
  settling_.advance(now_, [&](FlightId id) { settle(id); });
  fill_figures();
  return deltas_;
}

void ChatWorld::be_born() {
  if (!is_.holds && !held_.empty()) {
    for (const Held& held : held_) come_due(held.room, held.user, held.local, false);
    held_.clear();
  }
  replies_.advance(now_, [&](Room room) {
    if (chance_.happens(is_.fewer)) return;
    const User user = crowd_.someone_in(room, nobody);
    if (user != nobody && !crowd_.is_stalled(user))
      publish(room, user, chance_.poisson(shape_.branching));
  });
  talk(immigrants_ * crowd_.online() * is_.traffic * (1 - is_.fewer));
  if (is_.hot > 0 && hot_ != UINT32_MAX) {
    const double rate = shape_.events_per_second * is_.hot;
    for (unsigned i = chance_.poisson(rate); i > 0; --i) {
      const User user = crowd_.someone_in(hot_, nobody);
      if (user != nobody) publish(hot_, user, 0);
    }
  }
  for (unsigned i = chance_.poisson(is_.empty); i > 0; --i)
    publish_to_nobody(static_cast<std::uint32_t>(is_.empty_rooms));
}

void ChatWorld::talk(double immigrants) {
  for (unsigned i = chance_.poisson(immigrants); i > 0 && crowd_.online() > 0; --i) {
    const User user = crowd_.someone();
    if (crowd_.is_stalled(user)) continue;
    const Room room = crowd_.room_for(user);
    if (room != UINT32_MAX) publish(room, user, chance_.poisson(shape_.branching));
  }
}

void ChatWorld::publish(Room room, User user, unsigned replies) {
  ++produced_;
  const bool local = crowd_.is_here(user);
  for (; replies > 0; --replies)
    replies_.put(now_, now_ + static_cast<Second>(chance_.exponential(shape_.reply_seconds)), room);
  if (chance_.happens(shape_.woken)) crowd_.wake(room, now_);
  // Those who get no answer try less and less.
  if (is_.wedged_since >= 0 && local &&
      chance_.happens(std::min(.7, static_cast<double>(now_ - is_.wedged_since) / 60)))
    return;
  if (local) {
    ++deltas_.front().published;
    ++deltas_.front().accepted;
  }
  const bool vanishes = local && chance_.happens(is_.vanish);
  if (is_.holds) {
    held_.push_back({room, user, local});
    return;
  }
  come_due(room, user, local, vanishes);
}

void ChatWorld::publish_to_nobody(std::uint32_t rooms) {
  come_due(crowd_.rooms() + chance_.below(std::max(1U, rooms)), nobody, false, false);
}

void ChatWorld::come_due(Room room, User user, bool local, bool vanishes) {
  // A wedged process answers no append: its peers stop sending.
  if (is_.wedged_since >= 0 && !local && now_ > is_.wedged_since + 3) return;
  ShardDelta& delta = deltas_.front();
  if (!vanishes && !(is_.wedged_since >= 0 && local)) delta.commands += shape_.replicates;
  ++truth_.due;
  truth_.local += local;

  FlightId id = static_cast<FlightId>(flights_.size());
  if (free_.empty()) {
    flights_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Flight& flight = flights_[id];
  flight = {.room = room, .publisher = user, .local = local};
  if (local && !chance_.happens(shape_.over_http)) flight.publisher_socket = crowd_.socket(user);
  if (!local) flight.publisher = nobody;
  flight.due = static_cast<double>(now_ - 1) + chance_.uniform();
  flight.planned_lag = chance_.log_normal(.04, 1) + is_.delay;
  flight.lost = vanishes || is_.wedged_since >= 0 || is_lost(local, room);
  flight.waits = !flight.lost && room < crowd_.rooms();
  const bool is_followed = shape_.identifies && (shape_.replicates || local);
  flight.settled = !is_followed;
  if (is_followed) settling_.put(now_, now_ + settle_seconds, id);
  const auto leaves = static_cast<Second>(std::ceil(flight.due + flight.planned_lag));
  if (!flight.waits)
    free_if_over(id);
  else if (leaves <= now_)
    copy(id);
  else
    copying_.put(now_, leaves, id);
}

bool ChatWorld::is_lost(bool local, Room room) {
  if (room == dark_) return true;
  return chance_.happens(is_.lost) || chance_.happens(local ? is_.lost_local : is_.lost_remote);
}

bool ChatWorld::is_served(User user) const {
  return is_.unserved <= 0 || share_of(crowd_.socket(user)) >= is_.unserved;
}

bool ChatWorld::is_seen(User user) const {
  return is_.unsynced <= 0 || share_of(crowd_.socket(user) + 1) >= is_.unsynced;
}

void ChatWorld::copy(FlightId id) {
  Flight& flight = flights_[id];
  flight.waits = false;
  // A server that wedges while an event waits in it, or one that holds: it is not written.
  if (is_.wedged_since < 0) write_copies(flight);
  if (flight.waits) {
    copying_.put(now_, crowd_.resumes(flight.resumed), id);
    return;
  }
  if (flight.copies > 0) {
    ShardDelta& delta = deltas_.front();
    flight.lag =
        flight.resumed == nobody ? flight.planned_lag : static_cast<double>(now_) - flight.due;
    ++delta.reached;
    delta.reached_local += flight.local;
    copied_.push_back(id);
    if (flight.settled && delta.has_rooms && (shape_.replicates || flight.local))
      delta.events.late.push_back(
          {.room = key_of(flight.room), .local = flight.local, .lag_seconds = flight.lag});
  }
  free_if_over(id);
}

// To all readers who can take it, now. `waits` where the first copy has to.
void ChatWorld::write_copies(Flight& flight) {
  ShardDelta& delta = deltas_.front();
  if (flight.resumed != nobody) {  // it was all that stalled: the copy left with the others held
    if (!crowd_.is_here(flight.resumed) || crowd_.is_stalled(flight.resumed)) return;
    flight.copies = 1;
    flight.to[0] = crowd_.socket(flight.resumed);
    return;
  }
  const auto readers = crowd_.readers(flight.room);
  const std::uint32_t flowing = crowd_.unstalled(flight.room);
  if (is_.batch > 0) {
    const double leaves = flight.due + flight.planned_lag;
    double& last = named_[flight.room];
    if (std::abs(leaves - last) < is_.batch) {  // inside another's message
      hidden_ += flowing;
      return;
    }
    last = leaves;
  }
  std::uint32_t copies = flowing, own = 0, named = 0;
  const bool echo = flight.publisher != nobody && crowd_.is_here(flight.publisher) &&
                    !crowd_.is_stalled(flight.publisher) &&
                    crowd_.reads(flight.publisher, flight.room);
  const bool own_known = echo && flight.publisher_socket != 0 &&
                         crowd_.socket(flight.publisher) == flight.publisher_socket;
  if (is_.unserved > 0 || is_.unsynced > 0) {
    copies = 0;
    for (std::uint32_t i = 0; i < flowing; ++i) {
      const User user = crowd_.user_of(readers[i]);
      copies += is_served(user) && is_seen(user);
    }
    own = own_known && is_served(flight.publisher) && is_seen(flight.publisher);
  } else {
    own = own_known;
  }
  copies -= own;
  const std::uint32_t each = is_.doubled ? 2 : 1;
  const std::uint32_t from = shape_.any_order && flowing > 0 ? chance_.below(flowing) : 0;
  for (std::uint32_t i = 0; i < flowing && named < event_receivers; ++i) {
    const User user = crowd_.user_of(readers[(from + i) % flowing]);
    const SocketId socket = crowd_.socket(user);
    if (socket == flight.publisher_socket || !is_served(user) || !is_seen(user)) continue;
    for (std::uint32_t k = 0; k < each && named < event_receivers; ++k) flight.to[named++] = socket;
  }
  User first_back = nobody;
  for (std::uint32_t i = flowing; i < readers.size(); ++i) {
    const User user = crowd_.user_of(readers[i]);
    if (!is_served(user) || !is_seen(user)) continue;
    crowd_.withhold(user);
    const Second back = crowd_.resumes(user);
    if (back > now_ && (first_back == nobody || back < crowd_.resumes(first_back)))
      first_back = user;
  }
  truth_.readable += !readers.empty();
  truth_.copies += copies;
  flight.copies = copies * each;
  delta.copies += flight.copies;
  delta.own_copies += own * each;
  if (flight.copies == 0 && first_back != nobody) {
    flight.resumed = first_back;
    flight.waits = true;
  }
}

void ChatWorld::settle(FlightId id) {
  Flight& flight = flights_[id];
  ShardDelta& delta = deltas_.front();
  if (delta.has_rooms) {
    SettledEvent& event = delta.events.settled.emplace_back();
    event.room = key_of(flight.room);
    event.local = flight.local;
    event.publisher = flight.publisher_socket;
    event.copies = flight.copies;
    event.lag_seconds = flight.copies > 0 ? flight.lag : -1;
    event.to = flight.copies > 0 ? flight.to : decltype(flight.to){};
  }
  flight.settled = true;
  free_if_over(id);
}

void ChatWorld::free_if_over(FlightId id) {
  Flight& flight = flights_[id];
  if (flight.settled && !flight.waits) free_.push_back(id);
}

// Segments that the agent could not read: each held a copy of some event.
void ChatWorld::lose_sight() {
  ShardDelta& delta = deltas_.front();
  const unsigned losses = chance_.poisson(is_.capture_losses);
  delta.losses.out += losses;
  for (unsigned i = 0; i < losses && !copied_.empty(); ++i) {
    Flight& flight = flights_[copied_[chance_.below(static_cast<std::uint32_t>(copied_.size()))]];
    if (flight.copies == 0 || flight.settled) continue;
    --delta.copies;
    if (--flight.copies > 0) continue;
    flight.lag = -1;
    --delta.reached;
    delta.reached_local -= flight.local;
  }
}

void ChatWorld::fill_figures() {
  ShardDelta& delta = deltas_.front();
  delta.copies += crowd_.released_copies;
  delta.events_out = delta.copies + delta.own_copies;
  delta.event_bytes_out = (delta.events_out + hidden_) * 200;
  const double sockets = crowd_.sockets_here();
  delta.sockets_unsynced = static_cast<std::uint64_t>(sockets * is_.unsynced + .5);
  delta.sockets_synced = crowd_.sockets_here() - delta.sockets_unsynced;
  delta.sockets_opened = crowd_.opened;
  delta.events.gone.assign(crowd_.gone.begin(), crowd_.gone.end());
  delta.events.left.assign(crowd_.left.begin(), crowd_.left.end());
  Fate& fate = delta.delivery.fates[FANFARE_FATE_EVENT];
  fate.written = delta.events_out;
  const auto timed_out = std::min<std::uint64_t>(2ULL * crowd_.stalled_deaths, fate.written);
  fate.lost[static_cast<std::size_t>(EndReason::timeout)] = timed_out;
  fate.acked = fate.written - timed_out;
  delta.delivery.ended = crowd_.gone.size();
  delta.delivery.edge = crowd_.sockets_here();
  if (!delta.peers.empty()) {  // the first one leads
    PeerDelta& leader = delta.peers.front();
    leader.entries_in = delta.commands;
    leader.rpcs_in = 2 + std::min<std::uint64_t>(delta.commands, 100);
    leader.sockets = 2;
  }
  if (!shape_.identifies) {
    delta.copies = delta.events_out;
    delta.own_copies = delta.reached = delta.reached_local = 0;
  }
  if (!delta.has_rooms) {
    delta.events.gone.clear();
    delta.events.left.clear();
  }
}

}  // namespace fanfare::sim
