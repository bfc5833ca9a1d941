// SPDX-License-Identifier: Apache-2.0
// The file of a recording: a head that names the build of fanfare's words it was written with, then
// blocks, each compressed for itself and checked. What is cut off at the end (the agent died) costs
// one block.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "agent/kernel/fd.h"

namespace fanfare {

enum class BlockKind : std::uint8_t {
  run,       // an id that all files of one run of the agent share
  config,    // YAML, without receivers of alerts
  state,     // what was normal, as Pipeline::save() wrote it
  snapshot,  // see recording_codec.h
};

struct Block {
  BlockKind kind = BlockKind::snapshot;
  std::string bytes;
};

// True where the file begins as a recording does; false also where it cannot be read.
bool is_recording(const std::string& path);

class RecordingWriter {
 public:
  // Creates the file, readable by its owner alone. Throws std::system_error.
  explicit RecordingWriter(const std::string& path);

  void write(BlockKind kind, std::string_view bytes);
  std::uint64_t size() const { return size_; }

 private:
  void put(std::string_view bytes);

  std::string path_;
  Fd file_;
  std::uint64_t size_ = 0;
};

class RecordingReader {
 public:
  // Throws BadFile: not there, no recording, one of another version.
  explicit RecordingReader(const std::string& path);

  // Empty at the end. Throws BadFile where a block is damaged.
  std::optional<Block> read();
  // The file ends within a block.
  bool cut() const { return cut_; }

 private:
  std::string path_;
  std::ifstream in_;
  bool cut_ = false;
};

}  // namespace fanfare
