// SPDX-License-Identifier: Apache-2.0
// The driver of bpf/walk.bpf.h in user space, call for call, so that the framers see here what they
// see in the kernel. Time and budgets are arguments. Not a model of TCP: segments come as given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "bpf/framers/stream.h"

namespace fanfare {

// Steps that one segment may take; the values of the knobs in bpf/maps.bpf.h.
struct Budget {
  std::uint32_t frames = 65536;
  std::uint32_t search = 4096;
  std::uint32_t rpc = 16384;
};
inline constexpr Budget boundless{UINT32_MAX, UINT32_MAX, UINT32_MAX};

struct Segment {
  std::uint32_t seq = 0;
  std::string_view payload;
  std::uint64_t now_ns = 1;
  std::uint8_t hole_reason = FANFARE_LOSS_EGRESS_HOLE;
};

// What a walk adds to the loss counters.
struct Loss {
  std::uint8_t reason = FANFARE_LOSS_NONE;
  std::uint32_t count = 0;
};

// The next bytes, 8 or as many as there are, first byte lowest.
inline std::uint64_t word_of(std::string_view bytes) {
  std::uint64_t word = 0;
  if (!bytes.empty()) std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
  return word;
}

// What stands behind a direction with an identity_rule: how to read, and what was read of each
// message of class event, 0 where it could not be. What a lock on probation shows may not be a
// message at all, and is left out.
struct Identities {
  fanfare_identity_rule rule{};
  std::vector<std::uint64_t> hashes{};
};

inline int look(fanfare_direction& direction, std::string_view payload,
                const fanfare_identity_rule& rule) {
  const auto n = identity_span(&direction, &rule, direction.end - direction.off);
  __u64 words[IDENTITY_CHUNK_WORDS + 1] = {};
  std::memcpy(words, payload.data() + direction.off, n);
  identity_unmask(&direction.identity, words);
  if (rule.kind == FANFARE_IDENTITY_BY_PAYLOAD)
    for (std::uint32_t i = 0; 8 * i < n; ++i)
      identity_look_payload(&direction.identity, words[i], i, n);
  else
    for (std::uint32_t at = 0; at < n;)
      at += identity_look_json(&direction.identity, &rule, words, at, n);
  return fanfare_look_end(&direction, &rule, n);
}

inline void take_identity(fanfare_direction& direction, Identities* identities) {
  if (!identity_is_due(&direction)) return;
  if (identities && !direction.probation) identities->hashes.push_back(direction.identity.hash);
  direction.identity.state = 0;
}

inline void walk(fanfare_direction& direction, std::string_view payload, std::uint32_t budget,
                 Identities* identities) {
  for (std::uint32_t step = 0; step < budget; ++step) {
    const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
    const int more = identity_wants(&direction) ? look(direction, payload, identities->rule)
                                                : fanfare_step(&direction, word);
    take_identity(direction, identities);
    if (!more) return;
  }
}

inline void walk_rpcs(fanfare_direction& direction, std::string_view payload,
                      std::uint32_t budget) {
  for (std::uint32_t step = 0; step < budget; ++step) {
    const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
    if (!fanfare_rpc_step(&direction, word)) return;
  }
}

inline Loss feed(fanfare_direction& direction, const Segment& segment, const Budget& budget = {},
                 Identities* identities = nullptr) {
  const auto length = static_cast<std::uint32_t>(segment.payload.size());
  const std::uint64_t events = direction.tally.by_class[FANFARE_EVENT].messages;
  if (!fanfare_admit(&direction, segment.seq, length, segment.hole_reason)) return {};
  take_identity(direction, identities);
  const std::uint32_t start = direction.off;
  std::uint32_t steps = budget.frames;
  if (!fanfare_in_step(&direction)) {
    const auto fresh = segment.payload.substr(start);
    if (direction.stage == FANFARE_STAGE_HTTP && fresh.size() >= 16 &&
        !http_may_upgrade(word_of(fresh), word_of(fresh.substr(8))))
      return {};
    fanfare_begin_segment(&direction, word_of(segment.payload.substr(start)), segment.now_ns);
    if (direction.stage == FANFARE_STAGE_SEARCH) steps = budget.search;
  }
  if (fanfare_is_replication(&direction))
    walk_rpcs(direction, segment.payload, budget.rpc);
  else
    walk(direction, segment.payload, steps, identities);
  if (fanfare_settle(&direction, start)) {
    walk(direction, segment.payload, budget.frames, identities);
    fanfare_settle(&direction, start);
  }
  if (direction.tally.by_class[FANFARE_EVENT].messages > events)
    direction.last_event_ns = segment.now_ns;
  if (!fanfare_in_step(&direction)) direction.last_ns = segment.now_ns;
  const bool voided = direction.fault == FANFARE_LOSS_FALSE_LOCK;
  const Loss loss{direction.fault, voided ? direction.voided : 1U};
  if (!loss.reason) return {};
  direction.fault = 0;
  if (voided) direction.voided = 0;
  return loss;
}

}  // namespace fanfare
