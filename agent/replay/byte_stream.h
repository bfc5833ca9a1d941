// SPDX-License-Identifier: Apache-2.0
// Plain values to bytes and back, in this machine's byte order: a recording is refused by another
// build of fanfare anyway. Reading checks every length.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "agent/replay/bad_file.h"

namespace fanfare {

class ByteWriter {
 public:
  template <typename Value>
  void put(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  void append(std::string_view bytes) { bytes_ += bytes; }
  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  template <typename Value>
  Value get() {
    static_assert(std::is_trivially_copyable_v<Value>);
    Value value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string text() { return std::string(take(get<std::uint32_t>())); }
  // A number of things that take at least `each` bytes: what is not there is not made room for.
  std::size_t count(std::size_t each) {
    const auto count = get<std::uint64_t>();
    if (count > left_.size() / each) fail();
    return count;
  }
  void end() const {
    if (!left_.empty()) fail();
  }

 private:
  [[noreturn]] static void fail() { throw BadFile("a recorded snapshot does not hold together"); }

  std::string_view take(std::size_t count) {
    if (count > left_.size()) fail();
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  std::string_view left_;
};

}  // namespace fanfare
