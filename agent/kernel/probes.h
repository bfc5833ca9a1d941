// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel, from open to detach: opens, sets knobs, loads, attaches, and turns a
// refusal into a sentence with a remedy. Included only inside this room.
#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>
#include <vector>

#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/skeleton.h"
#include "bpf/abi.h"
#include "fanfare.skel.h"

namespace fanfare {

class Probes {
 public:
  // Throws StartError: no permission, no BTF, refused by the verifier, no memory.
  Probes(const CgroupTarget& cgroup, const Knobs& knobs);

  // Which ports belong to which shard; for connections that are made from here on. Replication has
  // no effect where the programs were loaded without any.
  void set_shards(const std::vector<ShardKnobs>& shards);

  fanfare_bpf* operator->() const { return skeleton_.get(); }

 private:
  struct DestroyLink {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };
  using Link = std::unique_ptr<bpf_link, DestroyLink>;

  void load(const Knobs& knobs, const CgroupTarget& cgroup);
  void attach(const CgroupTarget& cgroup);

  Skeleton<fanfare_bpf> skeleton_;
  Link state_, owners_, egress_, ingress_;

 public:
  bpf_link* owners_link() const { return owners_.get(); }
};

}  // namespace fanfare
