// SPDX-License-Identifier: Apache-2.0
#include "tests/support/own_cgroup.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace fanfare::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "fanfare-test-";

// The v2 line of /proc/self/cgroup is "0::PATH".
std::string own_place() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "/";
}

void remove_left_over(const std::string& root) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const pid_t pid = std::atoi(name.c_str() + prefix.size());
    if (pid <= 0 || ::kill(pid, 0) == 0 || errno != ESRCH) continue;
    for (const auto& below : fs::directory_iterator(entry.path(), error))
      if (below.is_directory(error)) ::rmdir(below.path().c_str());
    ::rmdir(entry.path().c_str());
  }
}

}  // namespace

void enter_cgroup(const std::string& path, pid_t pid) {
  std::ofstream procs(path + "/cgroup.procs");
  procs << pid << std::flush;
  if (!procs) throw std::system_error(errno, std::generic_category(), "entering cgroup " + path);
}

OwnCgroup::OwnCgroup() : root_(find_cgroup("auto").path), home_(root_ + own_place()) {
  remove_left_over(root_);
  path_ = root_ + "/" + std::string(prefix) + std::to_string(::getpid());
  if (::mkdir(path_.c_str(), 0755) != 0 && errno != EEXIST)
    throw std::system_error(errno, std::generic_category(), "making cgroup " + path_);
  enter_cgroup(path_);
}

OwnCgroup::~OwnCgroup() {
  try {
    enter_cgroup(home_);
  } catch (const std::system_error&) {
    // The next run removes the directory.
  }
  ::rmdir(path_.c_str());
}

CgroupTarget OwnCgroup::target() const { return find_cgroup(path_); }

}  // namespace fanfare::test
