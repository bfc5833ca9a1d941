// SPDX-License-Identifier: Apache-2.0
#include "agent/state_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "agent/kernel/fd.h"

namespace fanfare {
namespace {

constexpr std::size_t largest_state_bytes = 64 << 20;  // 1,000 shards need less than 2 MB

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::system_error(errno, std::generic_category(), what + " " + path);
}

}  // namespace

std::string StateFile::load() const {
  const Fd file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return {};
  if (!file) fail("opening", path_);
  std::string text;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0) fail("reading", path_);
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > largest_state_bytes) throw std::runtime_error(path_ + " is no state of ours");
  }
}

void StateFile::store(const std::string& text) const {
  const std::string fresh = path_ + ".new";
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) fail("creating", fresh);
  for (std::size_t at = 0; at < text.size();) {
    const auto put = ::write(file.get(), text.data() + at, text.size() - at);
    if (put < 0) fail("writing", fresh);
    at += static_cast<std::size_t>(put);
  }
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) fail("renaming to", path_);
}

}  // namespace fanfare
