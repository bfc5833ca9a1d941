// SPDX-License-Identifier: Apache-2.0
// Where the memory limit is read from.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/kernel/memory_need.h"

namespace fanfare::test {
namespace {

namespace fs = std::filesystem;

class MemoryLimit : public ::testing::Test {
 protected:
  MemoryLimit() : root_(fs::path(testing::TempDir()) / "fanfare-memory-limit") {
    fs::remove_all(root_);
    ::unsetenv("FANFARE_MEMORY_LIMIT");
    write("proc/self/cgroup", "12:memory:/x\n0::/system.slice/fanfare.service\n");
  }
  ~MemoryLimit() override {
    fs::remove_all(root_);
    ::unsetenv("FANFARE_MEMORY_LIMIT");
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  std::optional<std::uint64_t> limit() const { return memory_limit(root_.string()); }

  fs::path root_;
};

TEST_F(MemoryLimit, IsTheLowestOfTheCgroupAndThoseAboveIt) {
  EXPECT_FALSE(limit());
  write("sys/fs/cgroup/system.slice/fanfare.service/memory.max", "max\n");
  EXPECT_FALSE(limit());
  write("sys/fs/cgroup/system.slice/memory.max", "200000000\n");
  EXPECT_EQ(limit(), 200'000'000U);
  write("sys/fs/cgroup/system.slice/fanfare.service/memory.max", "100000000\n");
  EXPECT_EQ(limit(), 100'000'000U);
}

TEST_F(MemoryLimit, MayBeToldByTheEnvironmentSinceAPodDoesNotSeeIts) {
  ::setenv("FANFARE_MEMORY_LIMIT", "134217728", 1);
  EXPECT_EQ(limit(), 134'217'728U);
  write("sys/fs/cgroup/memory.max", "100000000\n");
  EXPECT_EQ(limit(), 100'000'000U);
  ::setenv("FANFARE_MEMORY_LIMIT", "128Mi", 1);
  EXPECT_EQ(limit(), 100'000'000U) << "what is no number is none";
}

TEST(MemoryNeedTest, TheRemedyFitsTheLimit) {
  const MemoryNeed need{131072, 123'000'000};
  EXPECT_EQ(too_little_memory(need, {}), "");
  EXPECT_EQ(too_little_memory(need, 160'000'000), "");
  EXPECT_NE(too_little_memory(need, 128'000'000), "");
  EXPECT_EQ(memory_remedy(need, 128'000'000),
            "raise the limit to 508 MB, or set limits.sockets: 25600");
  EXPECT_EQ(memory_remedy(need, 20'000'000), "raise the limit to 508 MB");
}

}  // namespace
}  // namespace fanfare::test
