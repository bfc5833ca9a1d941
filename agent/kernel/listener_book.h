// SPDX-License-Identifier: Apache-2.0
// Who listens, from the first moment on: what the programs noted when it began, completed from
// /proc, beside what the latest scan of open files has seen. Included only inside this room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/kernel/probes.h"
#include "agent/kernel/snapshot.h"
#include "bpf/listeners.h"

namespace fanfare {

class ListenerBook {
 public:
  ListenerBook(const Probes& probes, std::string cgroup_root);

  // `scanned` and what is known better. After the flows have been read: who listens has begun
  // before anybody connects. The same object as long as nothing has changed.
  std::shared_ptr<const Owners> complete(const std::shared_ptr<const Owners>& scanned,
                                         Monotonic now);

  // Whether since the last call a listener was born that the programs could not note.
  bool has_missed();

  // Notes in the kernel, of listeners that live or have just closed.
  std::uint64_t entries() const { return entries_; }

 private:
  struct Noted {
    ListenerKey key;
    Owner owner;
    Monotonic born{};
    Monotonic closed{};  // 0: it listens
  };
  struct Program {
    std::string exe, name;
  };

  bool read(Monotonic now);
  bool take(std::uint64_t cookie, const fanfare_listener& raw);
  void forget_closed(Monotonic now);
  const std::string& path_of(std::uint64_t cgroup_id);
  void refine(Owners& owners);
  void name_scanned(Owners& owners);

  const Probes& probes_;
  std::string cgroup_root_;
  bool all_processes_;
  std::uint64_t seen_ = 0, ended_ = 0, unkept_ = 0;  // the programs' counters, as last read
  std::uint64_t entries_ = 0;
  bool incomplete_ = false;                               // a note was being written
  std::unordered_map<std::uint64_t, Noted> noted_;        // by cookie
  std::map<ListenerKey, Program> programs_;               // of listeners that only a scan has seen
  std::unordered_map<std::uint64_t, std::string> paths_;  // of cgroups younger than the scan
  std::shared_ptr<const Owners> scanned_, complete_;
};

}  // namespace fanfare
