// SPDX-License-Identifier: Apache-2.0
// Writes the RPCs of hashicorp/raft as its codec does: keys sorted by name, texts and bytes in the
// old "raw" form, numbers in the fewest bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare::test {

class Msgpack {
 public:
  Msgpack& map(unsigned pairs) { return container(0x80, 0xde, pairs); }
  Msgpack& array(std::uint32_t values) { return container(0x90, 0xdc, values); }
  Msgpack& nil() { return raw("\xc0"); }
  Msgpack& boolean(bool value) { return raw(value ? "\xc3" : "\xc2"); }
  Msgpack& text(std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    if (size < 32)
      number(0xa0U | size, 1);
    else if (size < 65536)
      number(0xda, 1).number(size, 2);
    else
      number(0xdb, 1).number(size, 4);
    return raw(text);
  }
  Msgpack& integer(std::uint64_t value) {
    if (value < 128) return number(value, 1);
    if (value < 256) return number(0xcc, 1).number(value, 1);
    if (value < 65536) return number(0xcd, 1).number(value, 2);
    if (value >> 32 == 0) return number(0xce, 1).number(value, 4);
    return number(0xcf, 1).number(value, 8);
  }
  // Big-endian.
  Msgpack& number(std::uint64_t value, unsigned size) {
    for (unsigned i = size; i-- > 0;) bytes_.push_back(static_cast<char>(value >> 8 * i & 0xff));
    return *this;
  }
  Msgpack& raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Msgpack& container(unsigned short_form, unsigned form16, std::uint32_t size) {
    if (size < 16) return number(short_form | size, 1);
    if (size < 65536) return number(form16, 1).number(size, 2);
    return number(form16 + 1, 1).number(size, 4);
  }
  std::string bytes_;
};

struct LogEntry {
  std::uint64_t index = 1;
  unsigned type = 0;  // 0 command, 1 no-op, 4 barrier, 5 configuration
  std::string data = "message";
};

inline std::vector<LogEntry> log_entries(std::uint64_t first, std::size_t count,
                                         const std::string& data = "message") {
  std::vector<LogEntry> entries;
  for (std::size_t i = 0; i < count; ++i) entries.push_back({first + i, 0, data});
  return entries;
}

inline constexpr std::string_view node_address = "10.0.0.1:7000";

// Without entries: as the timer's heartbeat sends it, nil.
inline std::string append_request(const std::optional<std::vector<LogEntry>>& entries,
                                  std::string_view id = "n1") {
  Msgpack rpc;
  rpc.number(0, 1).map(9).text("Addr").text(node_address).text("Entries");
  if (!entries) rpc.nil();
  if (entries) rpc.array(static_cast<std::uint32_t>(entries->size()));
  for (const auto& entry : entries.value_or(std::vector<LogEntry>{}))
    rpc.map(6)
        .text("AppendedAt")
        .text("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f")
        .text("Data")
        .text(entry.data)
        .text("Extensions")
        .nil()
        .text("Index")
        .integer(entry.index)
        .text("Term")
        .integer(2)
        .text("Type")
        .integer(entry.type);
  rpc.text("ID").text(id).text("Leader").text(node_address);
  rpc.text("LeaderCommitIndex").integer(0).text("PrevLogEntry").integer(0);
  rpc.text("PrevLogTerm").integer(2).text("ProtocolVersion").integer(3).text("Term").integer(2);
  return rpc.bytes();
}

inline std::string append_answer(std::uint64_t last_log, std::string_view error = {}) {
  Msgpack answer;
  answer.text(error).map(7).text("Addr").text("10.0.0.2:7000").text("ID").text("n2");
  answer.text("LastLog").integer(last_log).text("NoRetryBackoff").boolean(false);
  answer.text("ProtocolVersion").integer(3).text("Success").boolean(error.empty());
  answer.text("Term").integer(2);
  return answer.bytes();
}

inline std::string vote_request() {
  Msgpack rpc;
  rpc.number(1, 1).map(8).text("Addr").text(node_address).text("Candidate").text(node_address);
  rpc.text("ID").text("n1").text("LastLogIndex").integer(7).text("LastLogTerm").integer(1);
  rpc.text("LeadershipTransfer").boolean(false).text("ProtocolVersion").integer(3);
  return rpc.text("Term").integer(2).bytes();
}

inline std::string pre_vote_request() {
  Msgpack rpc;
  rpc.number(4, 1).map(6).text("Addr").text(node_address).text("ID").text("n1");
  rpc.text("LastLogIndex").integer(7).text("LastLogTerm").integer(1);
  return rpc.text("ProtocolVersion").integer(3).text("Term").integer(2).bytes();
}

inline std::string timeout_now_request() {
  Msgpack rpc;
  rpc.number(3, 1).map(3).text("Addr").text(node_address).text("ID").text("n1");
  return rpc.text("ProtocolVersion").integer(3).bytes();
}

// The request and behind it `content`.
inline std::string snapshot_request(std::string_view content) {
  Msgpack rpc;
  rpc.number(2, 1).map(12).text("Addr").text(node_address);
  rpc.text("Configuration").text("configuration").text("ConfigurationIndex").integer(1);
  rpc.text("ID").text("n1").text("LastLogIndex").integer(7).text("LastLogTerm").integer(1);
  rpc.text("Leader").text(node_address).text("Peers").nil().text("ProtocolVersion").integer(3);
  rpc.text("Size").integer(content.size()).text("SnapshotVersion").integer(1);
  return rpc.text("Term").integer(2).raw(content).bytes();
}

}  // namespace fanfare::test
