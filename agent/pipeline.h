// SPDX-License-Identifier: Apache-2.0
// The way of the data in one call: read, settle into shards, judge, alert, publish. The file to
// read first.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "agent/alerts/board.h"
#include "agent/config/config.h"
#include "agent/exports/history.h"
#include "agent/exports/view.h"
#include "agent/kernel/source.h"
#include "agent/model/deltas.h"
#include "agent/model/ledger.h"
#include "agent/ratios/judge.h"
#include "agent/ratios/rates.h"

namespace fanfare {

class Pipeline {
 public:
  Pipeline(Source& source, const Config& config, std::string version, Wall started);

  // One tick. Throws what the source throws; then nothing has been published. The caller adds how
  // the posting of alerts goes, which is not of this room.
  std::shared_ptr<View> tick(Monotonic now, Wall wall, const Health& health,
                             double last_scrape_seconds);

  // The pods of this node, for the ticks from now on. Without a call those of the source stand.
  void set_pods(std::shared_ptr<const PodTable> pods);

  // Of the time between the state that was restored and this start, while no agent read the kernel;
  // 0 where no client socket was open then. Sockets: of the shards that had any.
  struct Absence {
    std::chrono::nanoseconds time{};
    std::uint64_t sockets = 0;
    std::uint64_t shards = 0;
  };
  const Absence& absence() const { return absence_; }

  // An operator ends what fires by that name for that shard; `by` is told beside it. How many
  // alerts that were. What is still ill afterwards is found anew.
  std::size_t clear_alert(const std::string& name, const std::string& shard, const std::string& by,
                          Monotonic now, Wall wall);

  // Takes over what may change while running: shards, limits.shards, cluster, node.
  void reload(const Config& config);

  // What must outlive the agent, as JSON: a restart neither forgets what is normal, nor learns a
  // fault as normal, nor ends an alert.
  std::string save() const;
  // Before the first tick. False where a part of the text is no such state: that part starts anew.
  bool restore(std::string_view state, Monotonic now, Wall wall);

 private:
  std::shared_ptr<Snapshot> read(Monotonic now, Wall wall);
  std::vector<LossView> judge_losses(const Snapshot& snapshot, const Model& model);
  void forget_ended(Monotonic now, const Model& model);

  struct LossSample {
    Monotonic at{};
    std::array<std::uint64_t, FANFARE_LOSS_COUNT> counts{};
    std::array<std::uint64_t, FANFARE_LOSS_COUNT> from_clients{};
  };

  Source& source_;
  Ledger ledger_;
  Rates rates_;
  Deltas deltas_;
  Judge judge_;
  Board board_;
  History history_;
  std::shared_ptr<const PodTable> pods_;
  std::chrono::seconds idle_{};  // limits.shard_idle_seconds
  View blank_;                   // what every view has in common
  std::deque<LossSample> losses_;
  Absence absence_;
  std::vector<std::uint64_t> open_;  // client sockets, by shard, at the last tick
  std::map<std::string, RecentLosses> shard_losses_;
  std::shared_ptr<Snapshot> latest_, previous_;
};

}  // namespace fanfare
