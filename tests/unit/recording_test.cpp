// SPDX-License-Identifier: Apache-2.0
// What an agent records is, replayed, what the agent saw: the same shards, and the same alerts at
// the same times. And what may happen to the files.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "agent/pipeline.h"
#include "agent/replay/bad_file.h"
#include "agent/replay/recorder.h"
#include "agent/replay/recording_source.h"
#include "tests/support/dice.h"
#include "tests/support/follower.h"
#include "tests/support/replayed.h"

namespace fanfare {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "fanfare-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("cannot make a temporary directory");
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The part of the agent that ticks and records.
class Live {
 public:
  explicit Live(const std::string& directory, const RecordingBounds& bounds = {})
      : recorder_(directory, bounds) {
    config.alertmanagers = {"http://user:secret@127.0.0.1:9093"};
    pipeline_ = std::make_unique<Pipeline>(follower, config, "", Wall{});
  }

  // Alerts that begin, change or end, with the second: what replay tells.
  void run(std::chrono::seconds time) {
    for (; time > 0s; time -= 1s) {
      now_ += 1s;
      const Wall wall{now_ + std::chrono::hours(400000)};
      if (recorder_.wants_file()) recorder_.begin(config, pipeline_->save(), wall);
      view = pipeline_->tick(now_, wall, Health{}, -1);
      recorder_.append(*view->snapshot);
      for (const Alert& alert : view->alerts) {
        const auto state = std::pair(alert.state, alert.severity);
        if (alert.state == AlertState::pending || states_[alert.name] == state) continue;
        states_[alert.name] = state;
        changes.push_back(std::to_string(wall.time_since_epoch() / 1s) + " " + alert.name + " " +
                          std::string(state_name(alert.state)) + " " + alert.why);
      }
    }
  }
  void reload(const Config& fresh) {
    config = fresh;
    pipeline_->reload(fresh);
    recorder_.renew();
  }
  // Another run of the agent, with the state of the one before.
  void restart(const std::string& directory) {
    const auto state = pipeline_->save();
    pipeline_ = std::make_unique<Pipeline>(follower, config, "", Wall{});
    pipeline_->restore(state, now_, Wall{now_ + std::chrono::hours(400000)});
    recorder_ = Recorder(directory);
  }

  Follower follower;
  Config config = replicated();
  std::shared_ptr<View> view;
  std::vector<std::string> changes;

 private:
  Recorder recorder_;
  std::unique_ptr<Pipeline> pipeline_;
  std::map<std::string, std::pair<AlertState, Severity>> states_;
  std::chrono::seconds now_{1000};
};

std::vector<std::string> told(const json::object& result) {
  std::vector<std::string> changes;
  for (const auto& value : result.at("alerts").as_array()) {
    const auto& alert = value.as_object();
    changes.push_back(
        std::to_string(static_cast<std::int64_t>(alert.at("at_seconds").as_double())) + " " +
        std::string(alert.at("alertname").as_string()) + " " +
        std::string(alert.at("state").as_string()) + " " +
        std::string(alert.at("why").as_string()));
  }
  return changes;
}

json::object replay_of(const std::string& path) {
  RecordingSource source(path);
  return replay(source, std::nullopt, true);
}

std::uint64_t copies(const json::object& result) {
  return test::count_of(result.at("shards").as_array().at(0), "copies");
}

TEST(Recording, ReplaysTheSameShardsAndAlertsAtTheSameTimes) {
  const TemporaryDirectory directory;
  Live live(directory.path());
  live.run(60s);
  live.follower.deliver(1);
  live.run(120s);
  live.follower.deliver(3);
  live.run(200s);
  ASSERT_THAT(live.changes, SizeIs(::testing::Ge(2U)));
  const auto result = replay_of(directory.path());
  EXPECT_EQ(told(result), live.changes);
  EXPECT_EQ(copies(result), live.view->shards.at(0).shard.reach.copies);
  EXPECT_THAT(result.at("flows").as_array(), SizeIs(clients + 1));
  EXPECT_EQ(replay_of(recording_files(directory.path()).at(0)), result);
}

TEST(Recording, ManyFilesAndRestartsAreOneStory) {
  const TemporaryDirectory directory;
  Live live(directory.path(), {.total = 1U << 20, .file = 2048});
  live.run(60s);
  live.follower.deliver(1);
  live.run(60s);
  live.restart(directory.path());
  live.run(60s);
  live.follower.deliver(3);
  live.run(200s);
  EXPECT_GT(recording_files(directory.path()).size(), 3U);
  const auto result = replay_of(directory.path());
  EXPECT_EQ(told(result), live.changes);
}

TEST(Recording, AReloadIsFollowed) {
  const TemporaryDirectory directory;
  Live live(directory.path());
  live.run(5s);
  auto other = live.config;
  other.shards[0].name = "renamed";
  live.reload(other);
  live.run(5s);
  const auto result = replay_of(directory.path());
  std::vector<std::string> names;
  for (const auto& shard : result.at("shards").as_array())
    names.emplace_back(shard.at("shard").as_string());
  std::vector<std::string> live_names;
  for (const auto& shard : live.view->shards) live_names.push_back(shard.shard.name);
  EXPECT_EQ(names, live_names);
  EXPECT_THAT(names, ::testing::Contains("renamed"));
}

TEST(Recording, IsBoundedAndTheOldestGoes) {
  const TemporaryDirectory directory;
  const RecordingBounds bounds{.total = 12000, .file = 3000};
  Live live(directory.path(), bounds);
  std::string first;
  for (int i = 0; i < 60; ++i) {
    live.run(3s);
    const auto files = recording_files(directory.path());
    std::uint64_t total = 0;
    for (const auto& file : files) total += fs::file_size(file);
    EXPECT_LE(total, bounds.total + 4000) << "one block more at most";
    if (i == 0) first = files.at(0);
  }
  EXPECT_FALSE(fs::exists(first));
  EXPECT_GT(recording_files(directory.path()).size(), 2U);
  EXPECT_GT(copies(replay_of(directory.path())), 0U);
}

TEST(Recording, IsForItsOwnerAloneAndHoldsNoPassword) {
  const TemporaryDirectory parent;
  const std::string directory = parent.path() + "/made";
  Live live(directory);
  live.run(2s);
  struct stat info {};
  ASSERT_EQ(::stat(directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  const auto file = recording_files(directory).at(0);
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  RecordingReader reader(file);
  for (auto block = reader.read(); block; block = reader.read())
    if (block->kind == BlockKind::config) {
      EXPECT_THAT(block->bytes, HasSubstr("chat-1"));
      EXPECT_THAT(block->bytes, ::testing::Not(HasSubstr("user")));
    }
}

DarkSocket dark_client(std::uint64_t cookie, fanfare_dark_reason reason) {
  DarkSocket dark{.cookie = cookie};
  dark.socket.last_ns = 1'000'000'000 * cookie;
  dark.socket.cgroup_id = 1;
  dark.socket.local[15] = 1;
  dark.socket.remote[15] = static_cast<std::uint8_t>(cookie);
  dark.socket.netns = 1;
  dark.socket.local_port = 8080;
  dark.socket.remote_port = static_cast<std::uint16_t>(40000 + cookie);
  dark.socket.reason = static_cast<std::uint8_t>(reason);
  dark.socket.spoke = FANFARE_IS_CLIENTS;
  return dark;
}

bool same_rows(const std::vector<DarkSocket>& a, const std::vector<DarkSocket>& b) {
  return std::ranges::equal(a, b, [](const DarkSocket& one, const DarkSocket& other) {
    return one.cookie == other.cookie &&
           std::memcmp(&one.socket, &other.socket, sizeof one.socket) == 0;
  });
}

TEST(Recording, DarkSocketsAreKeptAsTheyWere) {
  SnapshotEncoder encoder;
  SnapshotDecoder decoder;
  for (const std::size_t count : {0U, 3U, 1U, 0U, 2U}) {
    Snapshot snapshot = SnapshotBuilder().flow({}).build();
    for (std::size_t i = 0; i < count; ++i)
      snapshot.dark.push_back(
          dark_client(70 + i, static_cast<fanfare_dark_reason>(FANFARE_DARK_NO_ROOM + i)));
    EXPECT_TRUE(same_rows(decoder.decode(encoder.encode(snapshot)).dark, snapshot.dark)) << count;
  }
}

// Those that are dark at its end stand among its sockets, and in its shard's figures.
TEST(Recording, DarkSocketsAreReplayed) {
  const TemporaryDirectory directory;
  Live live(directory.path());
  live.run(5s);
  live.follower.dark = {dark_client(71, FANFARE_DARK_NO_ROOM), dark_client(72, FANFARE_DARK_MPTCP)};
  live.run(5s);
  const auto result = replay_of(directory.path());
  const auto& shard = result.at("shards").as_array().at(0).as_object();
  EXPECT_EQ(test::count_of(shard.at("sockets"), "dark"), 2U);
  EXPECT_EQ(shard.at("coverage").as_double(), 12.0 / 14);
  const auto& flows = result.at("flows").as_array();
  ASSERT_THAT(flows, SizeIs(clients + 1 + 2));
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& row = flows.at(clients + 1 + i).as_object();
    EXPECT_EQ(test::count_of(row, "cookie"), 71 + i);
    EXPECT_EQ(row.at("shard"), "chat-1");
    EXPECT_EQ(row.at("state"), "dark");
    EXPECT_EQ(row.at("reason"), i == 0 ? "no_room" : "mptcp");
    EXPECT_EQ(row.at("open"), true);
    EXPECT_EQ(row.at("dst"), row.at("remote"));
    EXPECT_TRUE(row.at("events_out").is_null());
  }
  live.follower.dark.clear();
  live.run(5s);
  EXPECT_THAT(replay_of(directory.path()).at("flows").as_array(), SizeIs(clients + 1));
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DamagedRecording : public ::testing::Test {
 protected:
  void SetUp() override {
    Live live(directory_.path());
    live.run(20s);
    file_ = recording_files(directory_.path()).at(0);
    bytes_ = read_all(file_);
  }
  void put(const std::string& bytes) { std::ofstream(file_, std::ios::binary) << bytes; }
  std::string refusal() {
    try {
      replay_of(file_);
    } catch (const BadFile& error) {
      return error.what();
    }
    return "";
  }

  TemporaryDirectory directory_;
  std::string file_, bytes_;
};

TEST_F(DamagedRecording, ACutEndIsReadUpToAndSaid) {
  put(bytes_.substr(0, bytes_.size() - 7));
  RecordingSource source(file_);
  const auto result = replay(source, std::nullopt, false);
  EXPECT_THAT(std::string(result.at("notes").as_array().at(0).as_string()),
              HasSubstr("19 recorded ticks"));
  EXPECT_THAT(std::string(result.at("notes").as_array().at(1).as_string()),
              HasSubstr("ends within a tick"));
  EXPECT_EQ(source.fault(), "");
}

TEST_F(DamagedRecording, AnotherVersionIsRefusedInASentence) {
  auto other = bytes_;
  other[25] = other[25] == 'a' ? 'b' : 'a';
  put(other);
  EXPECT_THAT(refusal(), HasSubstr("recorded by another version of fanfare"));
}

TEST_F(DamagedRecording, AFlippedByteIsAFaultBehindWhatWasRead) {
  auto other = bytes_;
  other[other.size() - 20] = static_cast<char>(~other[other.size() - 20]);
  put(other);
  RecordingSource source(file_);
  const auto result = replay(source, std::nullopt, false);
  EXPECT_THAT(source.fault(), HasSubstr("damaged"));
  EXPECT_THAT(result.at("shards").as_array(), SizeIs(1));
}

TEST_F(DamagedRecording, NoBytesWhateverDoMoreThanRefuse) {
  for (std::size_t size = 0; size < 400; ++size) {
    put(bytes_.substr(0, size));
    try {
      replay_of(file_);
    } catch (const BadFile&) {  // said
    }
  }
  test::Dice dice(3);
  for (int i = 0; i < 2000; ++i) {
    SnapshotDecoder decoder;
    try {
      decoder.decode(dice.bytes(dice.below(3000)));
    } catch (const BadFile&) {  // said
    }
  }
}

TEST(Recording, ADirectoryThatCannotBeWrittenToIsRefused) {
  const test::TemporaryFile file("");
  EXPECT_THROW(Recorder(file.path()), StartError);
  EXPECT_THROW(Recorder("/proc/nowhere/x"), StartError);
}

TEST(Recording, AnEmptyDirectoryIsRefused) {
  const TemporaryDirectory directory;
  EXPECT_THROW(RecordingSource{directory.path()}, BadFile);
}

}  // namespace
}  // namespace fanfare
