// SPDX-License-Identifier: Apache-2.0
// The immutable picture that each tick publishes and every export reads. Plain values only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/alerts/alert.h"
#include "agent/config/config.h"
#include "agent/kernel/self_check_result.h"
#include "agent/kernel/snapshot.h"
#include "agent/model/shards.h"
#include "agent/pods/pod_watch.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

struct Timeline;  // history.h

struct ShardView {
  Shard shard;
  // Readable client sockets / open client sockets on the shard's ports; empty without sockets.
  std::optional<double> coverage;
  double events_out_per_second = 0;  // over `window`
  double events_in_per_second = 0;
  LossDelta recent_losses{};  // of the last minute
  Judgement judgement{};      // empty before the second tick of the shard
};

// One receiver of alerts, and how it goes.
struct AlertmanagerView {
  std::string url;                // without user and password
  bool reachable = true;          // the last post was taken
  std::string error;              // of the last post, empty when taken
  double last_post_seconds = -1;  // age of the last post that was taken; -1: never
  std::uint64_t posts = 0;        // taken
  std::uint64_t failures = 0;     // refused or not answered
};

enum class Scope {
  proven,      // a socket in a foreign network namespace and cgroup was counted
  netns_only,  // counted in a foreign network namespace; no cgroup could be made to test with
  unproven,    // the test could not be made; see scope_text
  refuted,     // the test was made and the socket was not counted
};

struct Health {
  bool measured = false;        // by an agent; a replay has nothing to measure
  bool attached = false;        // to the cgroup that has the path now
  std::string attached_text{};  // why not, or what had been wrong before
  SelfCheckResult self_check = SelfCheckResult::not_made;
  std::string self_check_text{};
  bool blind = false;        // not attached, or the agent's own message is not in its counters
  double blind_seconds = 0;  // so far
  std::string cgroup;        // path of the attachment
  bool subtree = false;      // an explicit cgroup that is not the host's root
  Scope scope = Scope::unproven;
  std::string scope_text;   // a sentence for people
  std::string config_file;  // empty without one
  bool config_reload_ok = true;
  std::string config_reload_error;
};

struct LossView {
  std::string reason;  // label value, see kernel/loss_text.h
  std::uint64_t count = 0;
  std::uint64_t recent = 0;               // within the last 60 s
  std::uint64_t recent_from_clients = 0;  // of them, what clients sent: it hides nothing else
};

struct View {
  std::string node;
  std::string cluster;
  std::string version;
  Wall started{};
  Wall taken{};
  double tick_seconds = 0;          // CPU time of the last tick
  double last_scrape_seconds = -1;  // age of the last scrape of /metrics at `taken`; -1: never
  std::string last_scraper;         // who that was: address, and what it calls itself
  std::uint64_t ticks = 0;
  std::chrono::seconds window{10};  // of the rates
  Health health;
  std::vector<ShardView> shards;
  std::shared_ptr<const std::vector<ShardRule>> rules =
      std::make_shared<std::vector<ShardRule>>();  // of the configuration in use
  std::uint64_t shards_over_limit = 0;
  std::vector<Alert> alerts;  // worst first
  std::vector<AlertmanagerView> alertmanagers;
  PodWatchView pod_names{};      // who names the pods of this node
  std::vector<LossView> losses;  // every reason, also those with 0
  std::vector<MapFill> maps;
  std::vector<ProgramRuns> programs;
  std::shared_ptr<const Timeline> history;  // null before the first tick
  // Per-socket data, turned into SocketView on demand (admin socket only).
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::uint32_t> shard_of;         // parallel to snapshot->flows
  std::vector<std::uint32_t> dark_shard_of{};  // parallel to snapshot->dark
  std::vector<SocketState> states;  // same as shard_of; empty where nobody has judged them
};

}  // namespace fanfare
