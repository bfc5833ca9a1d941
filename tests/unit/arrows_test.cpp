// SPDX-License-Identifier: Apache-2.0
// The includes of agent/ and bpf/ point one way. The checker (tests/support/arrows.h) is tested on
// literals first: one that finds nothing would be worth nothing.
#include "tests/support/arrows.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace fanfare::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> wrong(const std::string& file, const std::string& target) {
  return wrong_arrows(file, "#include \"" + target + "\"\n");
}

TEST(ArrowChecker, ReadsIncludeLines) {
  EXPECT_THAT(includes_of("// #include <no>\n#include <a/b.h>  // why\n # include \"c.h\"\n"
                          "#define include <x>\n#include <unfinished\n"),
              ElementsAre("a/b.h", "c.h"));
}

TEST(ArrowChecker, LetsRoomsLookLeft) {
  EXPECT_THAT(wrong("agent/cli/a.cpp", "agent/exports/view.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/exports/a.cpp", "agent/alerts/book.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/alerts/a.cpp", "agent/ratios/window.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/model/a.cpp", "agent/model/shards.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/kernel/a.cpp", "agent/config/config.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/main.cpp", "agent/cli/command.h"), IsEmpty());
}

TEST(ArrowChecker, ForbidsRoomsToLookRight) {
  EXPECT_THAT(wrong("agent/config/a.cpp", "agent/kernel/snapshot.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/pods/a.h", "agent/kernel/snapshot.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/kernel/a.h", "agent/model/shards.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/model/a.h", "agent/ratios/window.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/ratios/a.h", "agent/alerts/rule.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/alerts/a.h", "agent/exports/view.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/exports/a.h", "agent/cli/table.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/util/a.h", "agent/config/text.h"), testing::SizeIs(1));
}

TEST(ArrowChecker, KeepsLibbpfInItsRoom) {
  for (const char* target : {"bpf/libbpf.h", "bpf/libbpf_version.h", "bpf/bpf.h", "bpf/btf.h",
                             "fanfare.skel.h", "linux/bpf.h", "bpf/bpf_helpers.h"}) {
    SCOPED_TRACE(target);
    EXPECT_THAT(wrong("agent/kernel/a.cpp", target), IsEmpty());
    EXPECT_THAT(wrong("agent/model/a.cpp", target), testing::SizeIs(1));
    EXPECT_THAT(wrong("agent/main.cpp", target), testing::SizeIs(1));
  }
}

TEST(ArrowChecker, SharesOnlyTheContractWithTheKernelSide) {
  EXPECT_THAT(wrong("agent/model/a.h", "bpf/abi.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/model/a.h", "bpf/tcp_states.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/cli/replay.cpp", "bpf/framers/stream.h"), IsEmpty());
  EXPECT_THAT(wrong("agent/kernel/a.h", "bpf/maps.bpf.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("agent/kernel/a.h", "bpf/walk.bpf.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("bpf/flow.bpf.h", "agent/kernel/snapshot.h"), testing::SizeIs(1));
}

TEST(ArrowChecker, KeepsFramersPure) {
  EXPECT_THAT(wrong("bpf/framers/a.h", "bpf/abi.h"), IsEmpty());
  EXPECT_THAT(wrong("bpf/framers/a.h", "bpf/framers/direction.h"), IsEmpty());
  EXPECT_THAT(wrong("bpf/framers/a.h", "linux/types.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("bpf/framers/a.h", "string.h"), testing::SizeIs(1));
  EXPECT_THAT(wrong("bpf/framers/a.h", "bpf/bpf_helpers.h"), testing::SizeIs(1));
}

TEST(ArrowChecker, NamesFileTargetAndReason) {
  EXPECT_THAT(wrong("agent/model/a.h", "agent/cli/table.h"),
              ElementsAre("agent/model/a.h includes agent/cli/table.h: points to the right"));
}

TEST(Arrows, PointOneWay) {
  namespace fs = std::filesystem;
  const fs::path root = FANFARE_SOURCE_DIR;
  std::size_t files = 0;
  std::size_t includes = 0;
  for (const char* top : {"agent", "bpf"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".c") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      const std::string file = entry.path().lexically_relative(root).generic_string();
      EXPECT_THAT(wrong_arrows(file, text), IsEmpty());
      ++files;
      includes += includes_of(text).size();
    }
  }
  EXPECT_GT(files, 40U) << "the tree was found";
  EXPECT_GT(includes, 100U);
}

}  // namespace
}  // namespace fanfare::test
