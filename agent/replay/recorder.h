// SPDX-License-Identifier: Apache-2.0
// `agent --record DIR`: the snapshot of every tick in files of bounded size, the oldest deleted.
// What is in them and how to read them: recording_file.h, recording_source.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/config/config.h"
#include "agent/replay/recording_codec.h"
#include "agent/replay/recording_file.h"

namespace fanfare {

struct RecordingBounds {
  std::uint64_t total = 256U << 20;  // bytes of all files, and at most one block more
  std::uint64_t file = 16U << 20;
};

class Recorder {
 public:
  // Makes the directory where it is missing. Throws StartError where it cannot be written to.
  Recorder(std::string directory, const RecordingBounds& bounds = {});

  // A new file is due: at the start, when one is full, and after renew().
  bool wants_file() const { return !file_; }
  // Before the tick whose snapshot is the first of the file, with what it starts from.
  void begin(const Config& config, const std::string& state, Wall now);
  void append(const Snapshot& snapshot);
  // The configuration has changed, or writing has failed.
  void renew() { file_.reset(); }

 private:
  void make_room() const;

  std::string directory_;
  RecordingBounds bounds_;
  std::string run_;
  std::optional<RecordingWriter> file_;
  SnapshotEncoder encoder_;
};

// The files of a recording in the order of their time.
std::vector<std::string> recording_files(const std::string& directory);

}  // namespace fanfare
