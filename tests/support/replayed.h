// SPDX-License-Identifier: Apache-2.0
// A capture written by a test, replayed whole.
#pragma once

#include <boost/json/object.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/replay/packet_source.h"
#include "agent/replay_command.h"
#include "tests/support/captured.h"

namespace fanfare::test {

// A file that goes with its owner.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "fanfare-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    if (fd < 0) throw std::runtime_error("cannot make a temporary file");
    ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline boost::json::object replayed(const std::string& file, const Config& config = {},
                                    bool rules = false) {
  const TemporaryFile saved(file);
  PacketSource source(CaptureFile(saved.path()), knobs_of(config));
  return replay(source, config, rules);
}

inline std::uint64_t count_of(const boost::json::value& flow, std::string_view key) {
  return flow.at(key).to_number<std::uint64_t>();
}

}  // namespace fanfare::test
