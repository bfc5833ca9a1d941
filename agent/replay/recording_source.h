// SPDX-License-Identifier: Apache-2.0
// A recording, one file or a directory of them, as the snapshots that it was made of.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/replay/recording_codec.h"
#include "agent/replay/recording_file.h"
#include "agent/replay/replayed.h"

namespace fanfare {

class RecordingSource : public Replayed {
 public:
  // Throws BadFile: no recording, or one of another version.
  explicit RecordingSource(const std::string& path);

  std::optional<Instant> next() override;
  std::optional<Beginning> beginning() override;
  Snapshot read(Monotonic now, Wall wall, Snapshot spent = {}) override;
  std::vector<std::string> notes() const override;
  std::string fault() const override { return fault_; }

 private:
  void advance();
  bool open_next();

  std::vector<std::string> files_;
  std::size_t next_file_ = 0;
  std::unique_ptr<RecordingReader> reader_;
  SnapshotDecoder decoder_;
  std::optional<Snapshot> snapshot_;  // the next
  std::optional<Beginning> beginning_;
  std::string run_, config_;
  std::uint64_t snapshots_ = 0;
  Wall first_{}, last_{};
  std::vector<std::string> cut_;  // files
  std::string fault_;
};

}  // namespace fanfare
