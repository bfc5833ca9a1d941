// SPDX-License-Identifier: Apache-2.0
// The live Source: programs in the kernel behind it, maps read at each call. The doorway of this
// room; no libbpf type shows here.
#pragma once

#include <chrono>
#include <memory>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/sight.h"
#include "agent/kernel/source.h"

namespace fanfare {

class KernelSource : public Source {
 public:
  // Loads, attaches, adopts the sockets that exist, proves the scope. Throws StartError.
  KernelSource(const CgroupTarget& cgroup, const Knobs& knobs);
  ~KernelSource() override;

  Snapshot read(Monotonic now, Wall wall, Snapshot spent = {}) override;
  // The ports of a new configuration, for connections that are made from here on. A shard that
  // replicates, or names its clients' protocol, needs that some shard did when the source was made.
  void set_shards(const std::vector<ShardKnobs>& shards);

  // Whether the programs are attached, and count; attaches them again where they are not. Once each
  // tick, before read().
  const Sight& check(Monotonic now);
  const ScopeProof& scope() const;
  // No agent ran for so long while sockets that the last one knew were open.
  void note_absence(std::chrono::nanoseconds time) { absent_ = time; }

 private:
  class Parts;

  void adopt_open_sockets(Monotonic now);
  void look_for_late_comers(Monotonic now);
  bool something_unknown(const Snapshot& snapshot);
  void read_losses(Snapshot& snapshot) const;
  void read_port_losses(Snapshot& snapshot) const;
  void forget_port_losses(const Snapshot& snapshot);
  void read_programs(Snapshot& snapshot) const;

  std::unique_ptr<Parts> parts_;
  std::chrono::nanoseconds absent_{};
};

}  // namespace fanfare
