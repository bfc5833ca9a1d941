// SPDX-License-Identifier: Apache-2.0
// Hosts by their mounts. What needs real mounts is in tests/kernel/start_test.cpp.
#include "agent/kernel/cgroup_tree.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/config/start_error.h"

namespace fanfare {
namespace {

using testing::HasSubstr;

// What `auto` is refused with on a host with these mounts; the remedy behind a "|".
std::string refusal(const std::string& mountinfo) {
  const std::string file = testing::TempDir() + "fanfare_mounts_" + std::to_string(::getpid());
  std::ofstream(file) << mountinfo;
  std::string said = "accepted";
  try {
    find_cgroup("auto", file);
  } catch (const StartError& error) {
    said = std::string(error.what()) + "|" + error.remedy;
    EXPECT_EQ(error.exit_code, exit_kernel);
    EXPECT_EQ(error.code, "FF-103");
  }
  std::filesystem::remove(file);
  return said;
}

TEST(CgroupTree, AHostWithV1AloneIsRefusedInASentence) {
  const auto said = refusal(
      "25 30 0:23 / /sys rw - sysfs sysfs rw\n"
      "31 25 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
      "33 31 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
      "34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  EXPECT_THAT(said, HasSubstr("found only cgroup v1 (/sys/fs/cgroup/systemd)"));
  EXPECT_THAT(said, HasSubstr("|boot with systemd.unified_cgroup_hierarchy=1"));
}

TEST(CgroupTree, AHostWithoutCgroupsIsToldToMountThem) {
  EXPECT_EQ(refusal("25 30 0:23 / /sys rw - sysfs sysfs rw\n"),
            "cgroup: auto found no cgroup v2 mount|mount it: mount -t cgroup2 none /sys/fs/cgroup");
}

}  // namespace
}  // namespace fanfare
