// SPDX-License-Identifier: Apache-2.0
// A socket belongs for ever to the cgroup that its process was in when it was made (an accepted one
// to its listener's). So one process can hold sockets of several cgroups: it visits each.
#pragma once

#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace fanfare::bench {

class CgroupVisit {
 public:
  // `path` is a directory of the cgroup v2 tree; an empty one stays at home.
  CgroupVisit(const std::string& path, const std::string& home) : home_(path.empty() ? "" : home) {
    if (!path.empty()) move_to(path);
  }
  ~CgroupVisit() {
    if (!home_.empty()) move_to(home_);
  }
  CgroupVisit(const CgroupVisit&) = delete;
  CgroupVisit& operator=(const CgroupVisit&) = delete;

 private:
  static void move_to(const std::string& path) {
    std::ofstream procs(path + "/cgroup.procs");
    procs << ::getpid() << std::flush;
    if (!procs) throw std::runtime_error("cannot move into cgroup " + path);
  }

  std::string home_;
};

}  // namespace fanfare::bench
