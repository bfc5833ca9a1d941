// SPDX-License-Identifier: Apache-2.0
#include "agent/pipeline.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <ctime>
#include <set>
#include <utility>

#include "agent/kernel/loss_text.h"
#include "agent/ratios/coverage.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto rate_window = 10s;
constexpr auto recent_losses = 60s;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::vector<ShardView> view_shards(const std::vector<Shard>& shards, const std::vector<Rate>& rates,
                                   const std::vector<Judgement>& judgements) {
  std::vector<ShardView> views;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    auto& view = views.emplace_back(ShardView{.shard = shards[i],
                                              .coverage = coverage(shards[i]),
                                              .events_out_per_second = rates[i].events_out,
                                              .events_in_per_second = rates[i].events_in});
    const auto judgement = std::ranges::find(judgements, shards[i].name, &Judgement::shard);
    if (judgement != judgements.end()) view.judgement = *judgement;
  }
  return views;
}

// What was last read of the kernel, and whose it was.
boost::json::value last_reading(const Snapshot* latest, const std::vector<std::uint64_t>& open) {
  if (!latest) return nullptr;
  const auto at = std::chrono::duration<double>(latest->wall.time_since_epoch()).count();
  return {{"at", at}, {"sockets", boost::json::value_from(open)}};
}

Pipeline::Absence absence_since(const boost::json::value& read, Wall started) {
  Pipeline::Absence absence;
  const auto* object = read.if_object();
  const auto* at = object ? object->if_contains("at") : nullptr;
  const auto* open = object ? object->if_contains("sockets") : nullptr;
  if (!at || !at->is_double() || !open || !open->is_array()) return absence;
  for (const auto& count : open->get_array()) {
    boost::system::error_code no_number;
    const auto sockets = count.to_number<std::uint64_t>(no_number);
    absence.sockets += no_number ? 0 : sockets;
    absence.shards += !no_number && sockets > 0;
  }
  const auto gone =
      std::chrono::duration<double>(started.time_since_epoch()).count() - at->get_double();
  constexpr double longest = 366 * 86400.0;  // a clock that was set is no absence
  if (absence.sockets > 0 && gone > 0 && gone < longest)
    absence.time =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(gone));
  return absence;
}

// Which of the two it is stands first.
OwnSight own_sight(const Health& health) {
  OwnSight sight{health.measured, health.blind, health.blind_seconds, {}};
  if (!health.blind) return sight;
  sight.why =
      !health.attached ? "The kernel programs are not attached to " + health.cgroup +
                             (health.attached_text.empty() ? "" : ": ") + health.attached_text
      : health.self_check == SelfCheckResult::missed
          ? "The agent's own message is not in its counters: " + health.self_check_text
          : "The kernel programs have been attached again, and must prove that they count: " +
                health.attached_text;
  sight.why += ".";
  return sight;
}

}  // namespace

Pipeline::Pipeline(Source& source, const Config& config, std::string version, Wall started)
    : source_(source), ledger_(config.shards, config.limits), rates_(rate_window) {
  blank_.version = std::move(version);
  blank_.started = started;
  blank_.window = rate_window;
  reload(config);
}

void Pipeline::reload(const Config& config) {
  ledger_.set_rules(config.shards, config.limits);
  idle_ = std::chrono::seconds(config.limits.shard_idle_seconds);
  board_.set_patience(idle_);
  blank_.node = config.node;
  blank_.cluster = config.cluster;
  blank_.rules = std::make_shared<const std::vector<ShardRule>>(config.shards);
}

std::size_t Pipeline::clear_alert(const std::string& name, const std::string& shard,
                                  const std::string& by, Monotonic now, Wall wall) {
  const auto cleared = board_.clear(name, shard, by, now, wall);
  const auto signal = signal_of(name);
  for (const auto& key : cleared)
    if (!signal.empty()) judge_.clear(key.shard, key.peer, signal);
  return cleared.size();
}

// A shard that is gone leaves nothing behind; one of the configuration what is normal for it.
void Pipeline::forget_ended(Monotonic now, const Model& model) {
  std::set<std::string> kept;
  for (const auto& rule : *blank_.rules) kept.insert(rule.name);
  for (const auto& shard : model.shards) {
    kept.insert(shard.name);
    if (shard.empty_for >= idle_) judge_.clear(shard.name, {}, {});
  }
  for (const auto& shard : model.ended)
    if (!kept.contains(shard.name)) judge_.forget(shard.name);
  judge_.forget_missing(now, idle_, kept);
}

std::string Pipeline::save() const {
  const boost::json::object state{{"version", 1},
                                  {"judge", boost::json::parse(judge_.save())},
                                  {"alerts", boost::json::parse(board_.save())},
                                  {"read", last_reading(latest_.get(), open_)}};
  return boost::json::serialize(state);
}

bool Pipeline::restore(std::string_view state, Monotonic now, Wall wall) {
  boost::system::error_code error;
  const auto root = boost::json::parse(state, error);
  const auto* object = error ? nullptr : root.if_object();
  if (!object || !object->contains("judge") || !object->contains("alerts")) return false;
  if (const auto* read = object->if_contains("read"))
    absence_ = absence_since(*read, blank_.started);
  const bool judge = judge_.restore(boost::json::serialize(object->at("judge")));
  const bool board = board_.restore(boost::json::serialize(object->at("alerts")), now, wall);
  return judge && board;  // each for itself: an alert outlives a baseline that cannot be read
}

std::vector<LossView> Pipeline::judge_losses(const Snapshot& snapshot, const Model& model) {
  losses_.push_back({snapshot.taken, snapshot.losses, model.lost_from_clients});
  while (losses_.size() > 1 && snapshot.taken - losses_[1].at >= recent_losses) losses_.pop_front();
  std::vector<LossView> views;
  for (unsigned reason = FANFARE_LOSS_NONE + 1; reason < FANFARE_LOSS_COUNT; ++reason)
    views.push_back({.reason = std::string(loss_text(reason).name),
                     .count = snapshot.losses[reason],
                     .recent = snapshot.losses[reason] - losses_.front().counts[reason],
                     .recent_from_clients =
                         model.lost_from_clients[reason] - losses_.front().from_clients[reason]});
  return views;
}

// The latest view holds the latest snapshot; the one before serves again unless somebody is still
// being answered from it.
std::shared_ptr<Snapshot> Pipeline::read(Monotonic now, Wall wall) {
  Snapshot spent;
  if (previous_ && previous_.use_count() == 1) spent = std::move(*previous_);
  previous_ = std::move(latest_);
  latest_ = std::make_shared<Snapshot>(source_.read(now, wall, std::move(spent)));
  if (pods_) latest_->pods = pods_;
  return latest_;
}

void Pipeline::set_pods(std::shared_ptr<const PodTable> pods) { pods_ = std::move(pods); }

std::shared_ptr<View> Pipeline::tick(Monotonic now, Wall wall, const Health& health,
                                     double last_scrape_seconds) {
  const double began = cpu_seconds();
  auto snapshot = read(now, wall);
  auto model = ledger_.advance(*snapshot);

  auto view = std::make_shared<View>(blank_);
  view->taken = wall;
  view->ticks = ++blank_.ticks;
  view->health = health;
  view->last_scrape_seconds = last_scrape_seconds;
  const auto judgements = judge_.advance(deltas_.advance(*snapshot, model));
  view->shards = view_shards(model.shards, rates_.advance(now, model.shards), judgements);
  std::erase_if(shard_losses_, [&](const auto& entry) {
    return std::ranges::find(model.shards, entry.first, &Shard::name) == model.shards.end();
  });
  for (ShardView& shard : view->shards)
    shard.recent_losses = shard_losses_[shard.shard.name].advance(now, shard.shard.losses,
                                                                  shard.shard.replication_losses);
  open_.clear();
  for (const auto& shard : model.shards)
    open_.push_back(shard.sockets_synced + shard.sockets_unsynced);
  view->alerts = board_.advance(now, wall, judgements, own_sight(health), model.ended);
  forget_ended(now, model);
  history_.advance(now, *view);
  view->history = history_.timeline();
  view->shards_over_limit = model.shards_over_limit;
  view->losses = judge_losses(*snapshot, model);
  view->maps = snapshot->maps;
  view->programs = snapshot->programs;
  view->shard_of = std::move(model.shard_of);
  view->dark_shard_of = std::move(model.dark_shard_of);
  view->states = std::move(model.states);
  view->snapshot = std::move(snapshot);
  view->tick_seconds = cpu_seconds() - began;
  return view;
}

}  // namespace fanfare
