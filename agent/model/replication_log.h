// SPDX-License-Identifier: Apache-2.0
// How many new commands a shard's log has got, from what each replication socket has carried. The
// same entry passes several times: to each follower, and again after a follower's restart. It
// counts once, by its log index. Pure.
//
// Indexes are those of Raft (Ongaro, Ousterhout: In Search of an Understandable Consensus
// Algorithm, 2014, section 5.3): they grow by one for each entry, no-ops and configurations
// included; an append carries consecutive ones.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "bpf/abi.h"

namespace fanfare {

// What the requests of one socket have added between two snapshots: entries (base, last].
struct LogStep {
  std::uint64_t base = 0;
  std::uint64_t last = 0;      // highest index so far; 0: no entry yet
  std::uint64_t entries = 0;   // complete, sent again or not
  std::uint64_t commands = 0;  // of them, those with the application's data
  bool live = true;            // the socket is open
};

// `last_before` is rpc.last_index of the earlier snapshot, 0 where no entry had passed. Where fewer
// entries passed than the index has grown by (a snapshot was installed, step was lost, another
// socket carried them), those that passed are taken for the last ones.
LogStep log_step(const fanfare_rpc& requests, std::uint64_t last_before, std::uint64_t entries,
                 std::uint64_t commands, bool live);

// Commands of the step above the index `end`. Exact where the whole step is above; where it is in
// part, every entry that is no command is taken for one of that part: at most their number too low.
std::uint64_t new_commands(const LogStep& step, std::uint64_t end);

class ReplicatedLog {
 public:
  // One tick with the steps of all sockets, in any order. True if the log has been started anew:
  // for a minute or longer entries have passed below the highest index, no open socket has reached
  // it, and at this pace none will within as long again. A follower that is sent its log again is
  // faster; a cluster that was set up anew is not. Until then its entries do not count.
  bool advance(std::chrono::nanoseconds now, std::vector<LogStep> steps);

  std::uint64_t commands() const { return commands_; }  // cumulative
  std::uint64_t end() const { return end_; }            // highest index seen

 private:
  struct Below {
    std::chrono::nanoseconds since;
    std::uint64_t index;  // the highest then
  };

  bool is_another_log(std::chrono::nanoseconds now, const std::vector<LogStep>& steps);

  std::uint64_t commands_ = 0;
  std::uint64_t end_ = 0;
  std::optional<Below> below_;
};

}  // namespace fanfare
