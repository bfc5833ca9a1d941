// SPDX-License-Identifier: Apache-2.0
// A small file that outlives the agent: what is normal and what fires. Beside the admin socket, so
// that it needs no setting and ends with the host's uptime, as the counters do.
#pragma once

#include <string>

namespace fanfare {

class StateFile {
 public:
  explicit StateFile(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  // Empty where there is none. Throws std::system_error where it cannot be read, and
  // std::runtime_error where it is larger than any state of ours.
  std::string load() const;

  // Whole or not at all: written beside and renamed. Throws std::system_error.
  void store(const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace fanfare
