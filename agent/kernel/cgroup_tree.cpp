// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/cgroup_tree.h"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "agent/config/codes.h"
#include "agent/config/start_error.h"

namespace fanfare {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t root_inode = 1;
constexpr long cgroup2_magic = 0x63677270;  // CGROUP2_SUPER_MAGIC

// Mount points of the type: field 5 of a mountinfo line, the type behind " - ".
std::vector<std::string> mounts_of(const std::string& type, const std::string& mountinfo) {
  std::vector<std::string> mounts;
  std::ifstream file(mountinfo);
  for (std::string line; std::getline(file, line);) {
    if (line.find(" - " + type + " ") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i) fields >> field;
    mounts.push_back(field);
  }
  return mounts;
}

// Of any hierarchy of v1; empty where there is none.
std::string v1_mount(const std::string& mountinfo) {
  const auto mounts = mounts_of("cgroup", mountinfo);
  return mounts.empty() ? "" : mounts.front();
}

CgroupTarget find_root(const std::string& mountinfo) {
  const auto mounts = mounts_of("cgroup2", mountinfo);
  for (const auto& mount : mounts)
    if (cgroup_id(mount) == root_inode) return {mount, root_inode, false};
  if (const auto v1 = mounts.empty() ? v1_mount(mountinfo) : ""; !v1.empty())
    throw StartError(
        "cgroup: auto found only cgroup v1 (" + v1 +
            "): programs can be attached to cgroup v2 alone, and this host has none mounted",
        "boot with systemd.unified_cgroup_hierarchy=1; until then mount v2 beside it: mkdir -p "
        "/sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
        exit_kernel, code::cgroup_tree);
  if (mounts.empty())
    throw StartError("cgroup: auto found no cgroup v2 mount",
                     "mount it: mount -t cgroup2 none /sys/fs/cgroup", exit_kernel,
                     code::cgroup_tree);
  throw StartError(
      "cgroup: auto found only " + mounts.front() + " (inode " +
          std::to_string(cgroup_id(mounts.front())) +
          "), which is not the host's root: in a private cgroup namespace the agent would see "
          "only itself and look healthy",
      "run in the host's cgroup namespace (or mount the host's tree), or name a subtree with "
      "--cgroup PATH",
      exit_kernel, code::cgroup_root);
}

}  // namespace

CgroupTarget find_cgroup(const std::string& wanted, const std::string& mountinfo) {
  if (wanted == "auto") return find_root(mountinfo);
  struct stat status {};
  if (::stat(wanted.c_str(), &status) != 0)
    throw StartError("cgroup: " + wanted + ": " + std::strerror(errno),
                     "give an existing directory of the cgroup v2 tree, or auto", exit_usage,
                     code::cgroup_tree);
  struct statfs filesystem {};
  if (!S_ISDIR(status.st_mode) || ::statfs(wanted.c_str(), &filesystem) != 0 ||
      filesystem.f_type != cgroup2_magic)
    throw StartError("cgroup: " + wanted + " is not a directory of a cgroup v2 tree",
                     "give one (mount | grep cgroup2 shows where it is), or auto", exit_usage,
                     code::cgroup_tree);
  return {wanted, status.st_ino, status.st_ino != root_inode};
}

std::uint64_t cgroup_id(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

std::unordered_map<std::uint64_t, std::string> list_cgroups(const std::string& root) {
  std::unordered_map<std::uint64_t, std::string> paths;
  paths[cgroup_id(root)] = "/";
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(
           root, fs::directory_options::skip_permission_denied, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_directory(gone)) continue;
    if (const auto inode = cgroup_id(entry->path().string()))
      paths[inode] = "/" + entry->path().lexically_relative(root).string();
  }
  return paths;
}

}  // namespace fanfare
