// SPDX-License-Identifier: Apache-2.0
// One line of the counts that `fanfare judge` reads: a second of a shard, or a restart of the
// agent. A field that is absent is unknown, never 0.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/model/deltas.h"

namespace fanfare {

struct CountsLine {
  enum class Kind { shard, state_kept, state_lost };
  Kind kind = Kind::shard;
  double t = 0;        // s since any start
  ShardDelta delta{};  // of Kind::shard; `at` is its time as CLOCK_MONOTONIC
};

// Reads line by line: what a shard has not said stands as it last said it, and the logs of peers
// and the names of rooms and sockets are one for the whole input.
class CountsReader {
 public:
  // `where` ("counts.jsonl:12") begins the text of BadFile, which is thrown for what is not such a
  // line: what is wrong, and what is allowed. `lag_limit_seconds` of this shard, by its name.
  CountsLine read(std::string_view line, const std::string& where);

  // From here on a copy is late: of one shard, or of all that have none of their own.
  void set_lag_limit(const std::string& shard, double seconds) { lag_limits_[shard] = seconds; }

 private:
  struct Log {
    std::uint64_t sent = 1, confirmed = 1;
  };
  struct Known {
    bool replicates = false, identifies = false, has_rooms = false;
    std::uint64_t synced = 0, unsynced = 0, dark = 0;
    std::map<std::string, Log> logs;
  };
  friend class LineReader;

  std::unordered_map<std::string, Known> shards_;
  std::unordered_map<std::string, double> lag_limits_;
};

}  // namespace fanfare
