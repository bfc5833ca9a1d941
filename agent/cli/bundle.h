// SPDX-License-Identifier: Apache-2.0
// The support bundle: what somebody needs who was not there, without secrets. Contents as plain
// texts, and a writer for them.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "agent/cli/doctor_checks.h"
#include "agent/config/config.h"

namespace fanfare {

// Name inside the bundle, text.
using BundleFiles = std::vector<std::pair<std::string, std::string>>;

// Answers of the running agent by target; throws AgentUnreachable.
using AskAgent = std::function<std::string(const std::string& target)>;

struct BundleInput {
  const DoctorFacts& facts;
  std::string report;  // doctor's JSON
  std::string version;
  Config config;  // in force, or the defaults where the file is refused
  bool addresses = false;
};

// No environment, no password, and no client's address unless asked for.
BundleFiles bundle_files(const BundleInput& input, const AskAgent& ask);

// The text with the user and password of every URL hidden.
std::string without_secrets(const std::string& text);

// What `file` would be overwritten by is refused; the texts say what to do.
struct BundleError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A .tar.gz, readable by its owner only. Made at once, so that a file that exists is refused before
// any work; removed again unless finished.
class BundleFile {
 public:
  explicit BundleFile(std::string path);
  ~BundleFile();
  BundleFile(const BundleFile&) = delete;
  BundleFile& operator=(const BundleFile&) = delete;

  // `mtime_seconds`: of every entry, since the epoch. Throws BundleError.
  void write(const BundleFiles& files, long mtime_seconds);

 private:
  std::string path_;
  int fd_ = -1;
  bool finished_ = false;
};

}  // namespace fanfare
