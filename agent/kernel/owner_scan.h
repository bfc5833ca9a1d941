// SPDX-License-Identifier: Apache-2.0
// Runs iter/task_file and says who holds which socket. Costs a walk over every open file of the
// host, so it is rationed. Included only inside this room.
#pragma once

#include <bpf/libbpf.h>

#include <memory>
#include <string>

#include "agent/kernel/snapshot.h"

namespace fanfare {

class OwnerScan {
 public:
  OwnerScan(bpf_link* iterator, std::string cgroup_root);

  // Scans when there is a reason (something unknown, or the last answer is old) and the ration
  // allows it: at most one second in a hundred is spent here. Returns the newest answer.
  std::shared_ptr<const Owners> refresh(Monotonic now, bool something_unknown);

  // Scans now. Throws std::system_error where the iterator cannot be read.
  std::shared_ptr<const Owners> scan(Monotonic now);

 private:
  std::string run_iterator() const;

  bpf_link* iterator_;
  std::string cgroup_root_;
  bool all_processes_;
  Monotonic not_before_{};
  std::shared_ptr<const Owners> last_ = std::make_shared<Owners>();
};

}  // namespace fanfare
