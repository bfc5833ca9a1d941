// SPDX-License-Identifier: Apache-2.0
// The programs in the kernel, from open to detach: opens, sets knobs, loads, attaches, and turns a
// refusal into a sentence with a remedy. Included only inside this room.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/codes.h"
#include "agent/config/start_error.h"
#include "agent/kernel/cgroup_tree.h"
#include "agent/kernel/knobs.h"
#include "agent/kernel/skeleton.h"
#include "agent/kernel/verifier_words.h"
#include "bpf/abi.h"
#include "fanfare.skel.h"

namespace fanfare {

// The kernel said no; what came before (permissions, BTF) is a plain StartError.
struct KernelRefusal : StartError {
  enum class Step { load, attach };
  KernelRefusal(Step where, int number, const std::string& text, const std::string& remedy_text,
                VerifierWords words = {})
      : StartError(text, remedy_text, exit_kernel, where == Step::load ? code::load : code::attach),
        step(where),
        error(number),
        verifier(std::move(words)) {}
  Step step;
  int error;               // errno
  VerifierWords verifier;  // empty: somebody else refused
};

// Of the programs that hang on the cgroup; the tracepoint's and the iterator's links know no detach
// but the end of their descriptor.
struct Attachment {
  std::uint64_t cgroup = 0;              // id of what has the path now; 0: nothing has
  bool egress = false, ingress = false;  // attached to that one
  bool whole() const { return cgroup != 0 && egress && ingress; }
};

// Sizes of the maps and what is set with them, between open and load.
void set_sizes(fanfare_bpf& skeleton, const Knobs& knobs);

class Probes {
 public:
  // Throws StartError: no permission, no BTF, refused by the verifier, no memory.
  Probes(const CgroupTarget& cgroup, const Knobs& knobs);

  // Which ports belong to which shard; for connections that are made from here on. Replication has
  // no effect where the programs were loaded without any; nor have protocols of clients.
  void set_shards(const std::vector<ShardKnobs>& shards);

  // What the kernel says of the links now: somebody may have detached them (bpftool link detach),
  // or removed the cgroup and made another by its name. A handful of system calls.
  Attachment attachment(const std::string& cgroup_path) const;

  // Attaches to what has the path now whatever is not, and whatever is if `both`. Births of its
  // sockets are recorded from here on. 0, or errno.
  int attach_again(const CgroupTarget& cgroup, bool both);

  fanfare_bpf* operator->() const { return skeleton_.get(); }

 private:
  struct DestroyLink {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };
  using Link = std::unique_ptr<bpf_link, DestroyLink>;

  void load(const Knobs& knobs, const CgroupTarget& cgroup);
  void attach(const CgroupTarget& cgroup);

  Skeleton<fanfare_bpf> skeleton_;
  Link state_, state_again_, owners_, egress_, ingress_;

 public:
  bpf_link* owners_link() const { return owners_.get(); }
};

}  // namespace fanfare
