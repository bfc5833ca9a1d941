// SPDX-License-Identifier: Apache-2.0
// A cgroup below the host's root that this process stands in for as long as the value lives. The
// sockets that the process makes belong to it; children that it starts inherit it.
#pragma once

#include <sys/types.h>

#include <string>

#include "agent/kernel/cgroup_tree.h"

namespace fanfare::test {

class OwnCgroup {
 public:
  // Throws std::system_error where the cgroup cannot be made or entered, StartError where the host
  // has no cgroup v2 root. Removes what earlier runs that died have left.
  OwnCgroup();
  ~OwnCgroup();
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;

  CgroupTarget target() const;
  const std::string& path() const { return path_; }
  const std::string& root() const { return root_; }

 private:
  std::string root_, home_, path_;
};

// Moves a process (0: the calling one) to the cgroup at `path`. Throws std::system_error.
void enter_cgroup(const std::string& path, pid_t pid = 0);

}  // namespace fanfare::test
