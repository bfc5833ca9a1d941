// SPDX-License-Identifier: Apache-2.0
// The agent's side of bpf/flow_table.bpf.h: reads the records and gives back those that are over.
// Included only inside this room.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "agent/kernel/probes.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

class FlowTable {
 public:
  // `probes` must outlive it. Throws std::system_error where the index cannot be mapped.
  explicit FlowTable(const Probes& probes);

  // Puts every record into the snapshot, over what its vectors hold. A record that was over (closed
  // or dismissed) already at the last read is taken out of the index after this one, its final
  // counts having been handed out twice, and is free from the read after that on: a program that
  // found it just before has left it by then. Throws std::system_error where the map cannot be
  // read.
  void read(Snapshot& snapshot);

  // Ends record `at` of the snapshot that was read last: its socket is gone and no program has said
  // so. What still waited for its acknowledgement timed out.
  void end(const Snapshot& snapshot, std::size_t at);

  // All records of clients are in use: a new one finds none.
  bool is_full() const;
  // The same of sockets between nodes, for which there are some more.
  bool is_full_for_peers() const;

  // The record of one socket; nullopt where it has none.
  std::optional<fanfare_flow> find(std::uint64_t cookie) const;
  bool has_record(std::uint64_t cookie) const;
  // The programs have missed what left: who answered by plain HTTP may have upgraded since.
  void doubt_marks();

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(std::uint64_t* index) const;
  };

  // Few of the places that have ever been in use still are, and the index names them all.
  bool is_sparse() const;
  void read_occupied(Snapshot& snapshot);
  void read_all(Snapshot& snapshot);
  void drop_free(Snapshot& snapshot);
  void unlink_finished(const Snapshot& snapshot);
  void unlink(std::uint64_t cookie, std::uint32_t place, const fanfare_flow& flow);
  void change_entry(std::uint64_t cookie, std::uint32_t from, std::uint32_t to);
  std::uint32_t entry_of(std::uint64_t cookie) const;
  void take_left();
  void allow_adoptions(std::uint64_t adopted, std::uint64_t searched);
  void clear(std::uint32_t place);
  void give_back_unlinked();
  std::uint64_t& slot_of(std::uint64_t cookie) const;

  const Probes& probes_;
  std::unique_ptr<std::uint64_t, Unmap> index_;
  std::vector<std::uint32_t> places_;           // of the snapshot's records
  std::unordered_set<std::uint64_t> finished_;  // cookies, at the last read
  std::vector<std::uint32_t> unlinked_;         // places, at the last read
  std::uint32_t peers_unlinked_ = 0;            // of them, those of sockets between nodes
};

}  // namespace fanfare
