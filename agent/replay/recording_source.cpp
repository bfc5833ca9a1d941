// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/recording_source.h"

#include <filesystem>
#include <utility>

#include "agent/config/config_file.h"
#include "agent/config/text.h"
#include "agent/replay/bad_file.h"
#include "agent/replay/recorder.h"

namespace fanfare {

RecordingSource::RecordingSource(const std::string& path) {
  files_ = std::filesystem::is_directory(path) ? recording_files(path) : std::vector{path};
  if (files_.empty())
    throw BadFile(escaped(path) +
                  ": no recording in this directory; fanfare agent --record DIR "
                  "writes them");
  open_next();
  advance();
}

bool RecordingSource::open_next() {
  if (next_file_ == files_.size()) return false;
  reader_ = std::make_unique<RecordingReader>(files_[next_file_++]);
  decoder_ = SnapshotDecoder();
  return true;
}

void RecordingSource::advance() {
  snapshot_.reset();
  try {
    while (!snapshot_) {
      auto block = reader_->read();
      if (!block) {
        if (reader_->cut()) cut_.push_back(escaped(files_[next_file_ - 1]));
        if (!open_next()) return;
        continue;
      }
      switch (block->kind) {
        case BlockKind::run:
          if (std::exchange(run_, block->bytes) != block->bytes)
            beginning_ = Beginning{.anew = true, .config = {}, .state = {}};
          break;
        case BlockKind::config:
          if (std::exchange(config_, block->bytes) != block->bytes && !beginning_)
            beginning_ = Beginning{.anew = false, .config = {}, .state = {}};
          if (beginning_) beginning_->config = parse_config(block->bytes, "the recording");
          break;
        case BlockKind::state:
          if (beginning_) beginning_->state = std::move(block->bytes);
          break;
        case BlockKind::snapshot:
          snapshot_ = decoder_.decode(block->bytes);
          break;
      }
    }
  } catch (const BadFile& error) {
    if (snapshots_ == 0) throw;
    fault_ = error.what();
  }
}

std::optional<Replayed::Instant> RecordingSource::next() {
  if (!snapshot_) return std::nullopt;
  return Instant{snapshot_->taken, snapshot_->wall};
}

std::optional<Replayed::Beginning> RecordingSource::beginning() {
  return std::exchange(beginning_, std::nullopt);
}

Snapshot RecordingSource::read(Monotonic, Wall, Snapshot) {
  if (!snapshot_) throw BadFile("the recording has ended");
  Snapshot now = std::move(*snapshot_);
  if (snapshots_++ == 0) first_ = now.wall;
  last_ = now.wall;
  advance();
  return now;
}

std::vector<std::string> RecordingSource::notes() const {
  const auto span = std::chrono::duration_cast<std::chrono::seconds>(last_ - first_).count();
  std::vector<std::string> notes{std::to_string(snapshots_) + " recorded ticks over " +
                                 std::to_string(span) + " s"};
  for (const auto& file : cut_)
    notes.push_back(file + " ends within a tick: the agent died there; read up to it");
  return notes;
}

}  // namespace fanfare
