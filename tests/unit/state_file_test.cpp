// SPDX-License-Identifier: Apache-2.0
// What outlives the agent is there whole, or not at all.
#include "agent/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <system_error>

namespace fanfare {
namespace {

class StateFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "fanfare-state-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "admin.sock.state").string(); }

  std::filesystem::path folder_;
};

TEST_F(StateFileTest, NoFileIsAnEmptyState) { EXPECT_EQ(StateFile(path()).load(), ""); }

TEST_F(StateFileTest, GivesBackWhatWasStoredLast) {
  const StateFile file(path());
  file.store(std::string(200000, 'a'));
  file.store("{\"b\":1}");
  EXPECT_EQ(file.load(), "{\"b\":1}");
  EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

TEST_F(StateFileTest, IsForItsOwnerAlone) {
  StateFile(path()).store("x");
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(StateFileTest, FollowsNoLink) {
  const auto other = folder_ / "other";
  std::ofstream(other) << "somebody else's";
  std::filesystem::create_symlink(other, path());
  EXPECT_THROW(StateFile(path()).load(), std::system_error);
  StateFile(path()).store("ours");
  std::ifstream untouched(other);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(untouched), {}), "somebody else's");
}

TEST_F(StateFileTest, SaysWhereItCannotWrite) {
  try {
    StateFile((folder_ / "missing" / "state").string()).store("x");
    FAIL() << "stored into a folder that does not exist";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("missing/state"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace fanfare
