// SPDX-License-Identifier: Apache-2.0
#include "agent/ratios/judge.h"

#include <boost/json.hpp>
#include <exception>

#include "agent/ratios/shard_judge.h"
#include "agent/ratios/state_json.h"

namespace fanfare {
namespace {

namespace json = boost::json;
constexpr int state_version = 1;

}  // namespace

Judge::Judge() = default;
Judge::~Judge() = default;

std::vector<Judgement> Judge::advance(const std::vector<ShardDelta>& deltas) {
  std::vector<Judgement> judgements;
  for (const auto& delta : deltas) {
    auto& shard = shards_[delta.shard];
    if (!shard) shard = std::make_unique<ShardJudge>();
    judgements.push_back(shard->advance(delta));
  }
  return judgements;
}

void Judge::forget(const std::string& shard) { shards_.erase(shard); }

void Judge::forget_missing(std::chrono::nanoseconds now, std::chrono::nanoseconds patience,
                           const std::set<std::string>& kept) {
  std::map<std::string, std::chrono::nanoseconds> missing;
  for (const auto& [name, shard] : shards_) {
    shard->forget_peers(now, patience);
    if (!kept.contains(name)) missing.emplace(name, now);
  }
  forget_missing_in(shards_, missing, missing_since_, now, patience);
}

void Judge::clear(const std::string& shard, const std::string& peer, std::string_view signal) {
  const auto found = shards_.find(shard);
  if (found != shards_.end()) found->second->clear(peer, signal);
}

std::string Judge::save() const {
  json::object shards;
  for (const auto& [name, shard] : shards_) {
    json::object peers;
    for (const auto& [peer, signal] : shard->peers) peers[peer] = to_json(signal);
    shards[name] = {{"reach", to_json(shard->reach)},
                    {"copies", to_json(shard->copies)},
                    {"replication", std::move(peers)},
                    {"delivery", to_json(shard->delivery)},
                    {"rooms", to_json(shard->rooms)}};
  }
  return json::serialize(json::object{{"version", state_version}, {"shards", std::move(shards)}});
}

bool Judge::restore(std::string_view text) try {
  const auto state = json::parse({text.data(), text.size()});
  if (state.at("version") != state_version) return false;
  std::map<std::string, std::unique_ptr<ShardJudge>> shards;
  for (const auto& [name, entry] : state.at("shards").as_object()) {
    auto shard = std::make_unique<ShardJudge>();
    from_json(entry.at("reach"), shard->reach);
    from_json(entry.at("copies"), shard->copies);
    for (const auto& [peer, signal] : entry.at("replication").as_object())
      from_json(signal, shard->peers[peer]);
    // A state that was saved before there was such a thing begins anew in it, and only in it.
    if (const auto* delivery = entry.as_object().if_contains("delivery"))
      from_json(*delivery, shard->delivery);
    if (const auto* rooms = entry.as_object().if_contains("rooms")) from_json(*rooms, shard->rooms);
    shards[name] = std::move(shard);
  }
  shards_ = std::move(shards);
  return true;
} catch (const std::exception&) {
  return false;
}

}  // namespace fanfare
