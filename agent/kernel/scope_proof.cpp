// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/scope_proof.h"

#include <chrono>
#include <cstring>
#include <thread>

#include "agent/kernel/flow_table.h"
#include "bpf/abi.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t messages = 3;
constexpr auto patience = 2s;

// Of any class: the port may be one whose messages the configuration calls heartbeats.
std::uint64_t counted(const fanfare_tally& tally) {
  std::uint64_t sum = 0;
  for (const auto& each : tally.by_class) sum += each.messages;
  return sum;
}

// Waits: at the start there is time.
bool converse(OwnTalk& talk) {
  if (talk.sockets().error || !talk.open()) return false;
  for (std::uint64_t i = 0; i < messages; ++i)
    if (!talk.say()) return false;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!talk.heard()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

OwnTalk talk_of(const CgroupTarget& cgroup, Where where) {
  SocketMaker maker(cgroup.path, where);
  std::optional<OwnSockets> made;
  while (!made) made = maker.take(100ms);
  return OwnTalk(std::move(*made));
}

std::string why_not(const OwnSockets& sockets) {
  return std::strerror(sockets.error ? sockets.error : ETIMEDOUT);
}

}  // namespace

bool is_counted(const FlowTable& flows, const OwnTalk& talk) {
  const auto flow = flows.find(talk.cookie());
  return flow && counted(flow->out.tally) == talk.said() && counted(flow->in.tally) == talk.said();
}

std::string prove_counting(const CgroupTarget& cgroup, const FlowTable& flows) {
  OwnTalk talk = talk_of(cgroup, Where::this_netns);
  if (!converse(talk))
    return "no loopback connection could be made to test with: " + why_not(talk.sockets());
  if (is_counted(flows, talk)) return {};
  const auto flow = flows.find(talk.cookie());
  return std::to_string(messages) + " messages were sent, " +
         std::to_string(flow ? counted(flow->out.tally) : 0) + " counted";
}

ScopeProof judge_scope(const CgroupTarget& cgroup, const OwnSockets& sockets, bool counted) {
  const std::string place = std::string(sockets.netns ? "a socket in a foreign network namespace"
                                                      : "a socket in this network namespace") +
                            (sockets.cgroup ? " and cgroup" : "");
  const std::string no_cgroup = "no cgroup could be made below " + cgroup.path + " to test with";
  // The socket is where the agent is, and that need not be below a subtree.
  if (!counted && !sockets.cgroup && cgroup.subtree) return {ScopeResult::unproven, no_cgroup, 0};
  if (!counted) return {ScopeResult::refuted, place + " was not counted", 0};
  if (!sockets.netns)
    return {ScopeResult::unproven,
            place + " was counted; no other network namespace could be made to test with: " +
                std::strerror(sockets.netns_error),
            0};
  if (!sockets.cgroup) return {ScopeResult::netns_only, place + " was counted; " + no_cgroup, 0};
  return {ScopeResult::proven, place + " was counted", 0};
}

ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows, OwnTalk& talk) {
  if (!converse(talk))
    return {ScopeResult::unproven,
            "no connection of its own could be made to test with: " + why_not(talk.sockets()), 0};
  // A full table has no record for the test: nothing is proven by that, one way or the other.
  auto proof =
      flows.is_full() && !flows.find(talk.cookie())
          ? ScopeProof{ScopeResult::unproven,
                       "all records for sockets are in use, and none is left to test with", 0}
          : judge_scope(cgroup, talk.sockets(), is_counted(flows, talk));
  proof.cookie = talk.cookie();
  return proof;
}

ScopeProof prove_scope(const CgroupTarget& cgroup, const FlowTable& flows) {
  OwnTalk talk = talk_of(cgroup, Where::foreign_netns);
  return prove_scope(cgroup, flows, talk);
}

}  // namespace fanfare
