// SPDX-License-Identifier: Apache-2.0
// Reads the flow map in batches and deletes what is over. Included only inside this room.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare {

class FlowReader {
 public:
  explicit FlowReader(int map_fd, std::uint32_t capacity);

  // Puts every record into the snapshot, over what its vectors hold. A record that was over (closed
  // or dismissed) already at the last read is deleted after this one: by now no CPU is inside it,
  // and its final counts have been handed out twice. While sockets are still being adopted the
  // dismissed ones stay: one that is gone would be adopted and searched once more. Throws
  // std::system_error where the map cannot be read.
  void read(Snapshot& snapshot, bool adopting);

 private:
  void read_batches(Snapshot& snapshot);
  void delete_finished(const Snapshot& snapshot, bool adopting);

  int map_fd_;
  std::uint32_t capacity_;
  std::uint32_t batch_ = 4096;                  // records a system call; measured fastest
  std::unordered_set<std::uint64_t> finished_;  // at the last read
};

}  // namespace fanfare
