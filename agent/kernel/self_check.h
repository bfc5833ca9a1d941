// SPDX-License-Identifier: Apache-2.0
// Every few seconds the agent says something to itself, and it must be in the counters: the
// programs are attached, fire, see other namespaces and cgroups, and count. What is said at one
// tick is looked for at the next; no tick waits. It costs some 20 system calls in three seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "agent/kernel/scope_proof.h"
#include "agent/kernel/self_check_result.h"
#include "agent/kernel/snapshot.h"

namespace fanfare {

inline constexpr std::chrono::seconds self_check_period{3};

class SelfCheck {
 public:
  explicit SelfCheck(const FlowTable& flows) : flows_(flows) {}

  // At the start: makes the sockets and proves the scope with them; waits for it.
  void begin(const CgroupTarget& cgroup, std::set<std::uint16_t> avoid);

  // One tick.
  void advance(Monotonic now, const CgroupTarget& cgroup);

  // The programs have been attached anew: what was said meanwhile left a hole in the record.
  void begin_anew();

  // Ports that have got a meaning are given up.
  void avoid(std::set<std::uint16_t> ports);

  // How often it has come to a result; a result from before does not speak of what is so now.
  std::uint64_t results() const { return results_; }
  SelfCheckResult result() const { return result_; }
  const std::string& text() const { return text_; }
  const ScopeProof& scope() const { return scope_; }

 private:
  void make_sockets(const CgroupTarget& cgroup);
  void look(const CgroupTarget& cgroup);
  void speak(Monotonic now);
  void cannot(const std::string& why);

  const FlowTable& flows_;
  std::set<std::uint16_t> avoid_;
  std::unique_ptr<SocketMaker> maker_;
  std::optional<OwnTalk> talk_;
  std::uint64_t cgroup_ = 0;     // that the sockets are below of
  Monotonic said_{};             // when it last spoke
  unsigned pending_ = 0;         // ticks that what was said has not been heard for; 0: all was
  unsigned said_on_it_ = 0;      // messages of this connection
  unsigned misses_ = 0;          // in a row
  bool without_record_ = false;  // the table was full when the connection began
  std::uint64_t results_ = 0;
  SelfCheckResult result_ = SelfCheckResult::not_made;
  std::string text_;
  ScopeProof scope_;
};

}  // namespace fanfare
