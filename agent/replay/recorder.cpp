// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/recorder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "agent/config/config_text.h"
#include "agent/config/start_error.h"

namespace fanfare {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "fanfare-";
constexpr const char* suffix = ".recording";

// "fanfare-20261122T091500.123456Z.recording": the order of names is that of time.
std::string name_at(Wall now) {
  using namespace std::chrono;
  const auto micros = duration_cast<microseconds>(now.time_since_epoch()).count();
  const auto seconds = static_cast<std::time_t>(micros / 1000000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> day{}, fraction{};
  std::strftime(day.data(), day.size(), "%Y%m%dT%H%M%S", &utc);
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros % 1000000));
  return prefix + std::string(day.data()) + fraction.data() + suffix;
}

}  // namespace

std::vector<std::string> recording_files(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(suffix)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Recorder::Recorder(std::string directory, const RecordingBounds& bounds)
    : directory_(std::move(directory)), bounds_(bounds) {
  const bool made = ::mkdir(directory_.c_str(), 0700) == 0;
  if ((!made && errno != EEXIST) || !fs::is_directory(directory_) ||
      ::access(directory_.c_str(), W_OK | X_OK) != 0)
    throw StartError("cannot record to " + directory_ + ": " + std::strerror(errno),
                     "give --record a directory that fanfare may write to", exit_usage);
}

// Room for a whole file more.
void Recorder::make_room() const {
  const auto files = recording_files(directory_);
  std::uint64_t total = bounds_.file;
  for (const auto& file : files) total += fs::file_size(file);
  for (auto oldest = files.begin(); total > bounds_.total && oldest != files.end(); ++oldest) {
    total -= fs::file_size(*oldest);
    fs::remove(*oldest);
  }
}

void Recorder::begin(const Config& config, const std::string& state, Wall now) {
  Config told = config;
  told.alertmanagers.clear();  // their URLs may hold passwords
  const auto name = name_at(now);
  if (run_.empty()) run_ = name;
  make_room();
  file_.emplace(directory_ + "/" + name);
  encoder_ = SnapshotEncoder();
  file_->write(BlockKind::run, run_);
  file_->write(BlockKind::config, config_show(told));
  file_->write(BlockKind::state, state);
}

void Recorder::append(const Snapshot& snapshot) {
  if (!file_) return;
  file_->write(BlockKind::snapshot, encoder_.encode(snapshot));
  if (file_->size() >= bounds_.file) file_.reset();
}

}  // namespace fanfare
