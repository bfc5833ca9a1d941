// SPDX-License-Identifier: Apache-2.0
// The driver of bpf/walk.bpf.h in user space, call for call, so that the framers see here what they
// see in the kernel. Time and budgets are arguments. Not a model of TCP: segments come as given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
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
  std::uint32_t compressed = 0;    // beside it: messages that are FANFARE_LOSS_COMPRESSED
  std::uint32_t behind_close = 0;  // ... FANFARE_LOSS_AFTER_CLOSE
};

// The next bytes, 8 or as many as there are, first byte lowest.
inline std::uint64_t word_of(std::string_view bytes) {
  std::uint64_t word = 0;
  if (!bytes.empty()) std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
  return word;
}

// What stands behind a direction with FANFARE_RULE_IDENTITY: how to read, and what was read of each
// message of class event, 0 where it could not be. What a lock on probation shows may not be a
// message at all, and is left out.
struct Identities {
  fanfare_identity_rule rule{};
  std::vector<std::uint64_t> hashes{};
  fanfare_identity_rule room_rule{};   // without a pattern: rooms are not read
  std::vector<std::uint64_t> rooms{};  // parallel to hashes, 0 where there is none
  // The same of the log entries of a direction that carries replication, see
  // fanfare_reads_entries().
  std::vector<std::uint64_t> entries{}, entry_rooms{}, entry_indexes{};
};

// The same for FANFARE_RULE_CLASSES; messages whose class could not be, by reason.
struct ToldClasses {
  const fanfare_class_rule* rule = nullptr;
  std::uint64_t compressed = 0;
  std::uint64_t unread = 0;
};

// What pairs the two directions of a connection where HTTP is walked, and which requests publish.
struct Http {
  fanfare_exchanges* exchanges = nullptr;
  const fanfare_publish_set* publishes = nullptr;
  bool is_response = false;
};

struct Readers {
  Identities* identities = nullptr;
  ToldClasses* classes = nullptr;
  Http http{};
};

inline void look_for_key(fanfare_identity& search, const fanfare_identity_rule& rule,
                         const __u64* words, std::uint32_t n) {
  for (std::uint32_t at = 0; at < n;) at += identity_look_json(&search, &rule, words, at, n);
}

inline void look_for_identity(fanfare_identity& identity, fanfare_identity& room,
                              const Identities& how, const __u64* words, std::uint32_t n) {
  if (!identity_is_read(&identity, &how.rule)) {
    if (how.rule.kind == FANFARE_IDENTITY_BY_PAYLOAD)
      for (std::uint32_t i = 0; 8 * i < n; ++i) identity_look_payload(&identity, words[i], i, n);
    else
      look_for_key(identity, how.rule, words, n);
  }
  if (!room_is_read(&room, &how.room_rule)) look_for_key(room, how.room_rule, words, n);
  identity_look_end(&identity, &how.rule, n, room_is_read(&room, &how.room_rule));
}

inline void take_reader_loss(fanfare_direction& direction, ToldClasses* classes) {
  if (!reader_has_loss(&direction)) return;
  ++(direction.reader.loss == FANFARE_LOSS_COMPRESSED ? classes->compressed : classes->unread);
  fanfare_note_loss(&direction, direction.reader.loss, 1);
  direction.reader.loss = 0;
}

inline int look(fanfare_direction& direction, std::string_view payload, const Readers& readers) {
  auto n = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(direction.end - direction.off, direction.skip));
  std::uint32_t passed = 0;
  const bool identifies = identity_wants(&direction);
  bool tells = reader_wants(&direction);
  if (tells) {
    classes_open(&direction, readers.classes->rule);
    take_reader_loss(direction, readers.classes);
    tells = direction.reader.left > 0;
    if (!identifies) passed = classes_pass(&direction, n);
  }
  if (passed || !(identifies || tells)) return fanfare_look_end(&direction, passed);
  if (tells) n = classes_span(&direction, n);
  if (!identifies && n <= 8) {
    std::string_view bytes = payload.substr(direction.off, n);
    return fanfare_look_end(
        &direction, classes_look_at_word(&direction, readers.classes->rule, word_of(bytes), n));
  }
  if (identifies)
    n = identity_span(&direction.identity, &readers.identities->rule, direction.skip, n);
  __u64 words[IDENTITY_CHUNK_WORDS + 1] = {};
  std::memcpy(words, payload.data() + direction.off, n);
  identity_unmask(&direction.identity, words);
  if (identifies)
    look_for_identity(direction.identity, direction.room, *readers.identities, words, n);
  if (tells)
    for (std::uint32_t at = 0; at < n && direction.reader.left;)
      at += classes_look(&direction, readers.classes->rule, words, at, n);
  return fanfare_look_end(&direction, n);
}

inline void take_identity(fanfare_direction& direction, Identities* identities) {
  if (!identity_is_due(&direction)) return;
  if (identities && !direction.probation) {
    identities->hashes.push_back(direction.identity.hash);
    identities->rooms.push_back(direction.room.hash);
  }
  direction.identity.state = 0;
}

inline void walk(fanfare_direction& direction, std::string_view payload, std::uint32_t budget,
                 const Readers& readers) {
  for (std::uint32_t step = 0; step < budget; ++step) {
    const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
    const int more = fanfare_looks(&direction) ? look(direction, payload, readers)
                                               : fanfare_step(&direction, word);
    take_identity(direction, readers.identities);
    take_reader_loss(direction, readers.classes);
    if (!more) return;
  }
}

inline void walk_packets(fanfare_direction& direction, std::string_view payload,
                         std::uint32_t budget, const Readers& readers) {
  for (std::uint32_t step = 0; step < budget; ++step) {
    const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
    const int more = fanfare_looks(&direction) ? look(direction, payload, readers)
                                               : fanfare_packet_step(&direction, word);
    take_identity(direction, readers.identities);
    if (!more) return;
  }
}

inline int look_at_data(fanfare_direction& direction, std::string_view payload,
                        const Identities& how) {
  const auto n =
      identity_span(&direction.entry, &how.rule, direction.skip, direction.end - direction.off);
  __u64 words[IDENTITY_CHUNK_WORDS + 1] = {};
  std::memcpy(words, payload.data() + direction.off, n);
  look_for_identity(direction.entry, direction.room, how, words, n);
  return fanfare_look_data_end(&direction, n);
}

inline void take_entry(fanfare_direction& direction, Identities* identities) {
  if (direction.rpc.data != FANFARE_DATA_DUE) return;
  identities->entries.push_back(direction.last_ns);
  identities->entry_rooms.push_back(direction.room.hash);
  identities->entry_indexes.push_back(direction.rpc.progress_index);
  direction.rpc.data = FANFARE_DATA_UNREAD;
}

inline void walk_rpcs(fanfare_direction& direction, std::string_view payload, std::uint32_t budget,
                      Identities* identities) {
  for (std::uint32_t step = 0; step < budget; ++step) {
    const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
    const int more = fanfare_looks_at_data(&direction)
                         ? look_at_data(direction, payload, *identities)
                         : fanfare_rpc_step(&direction, word);
    take_entry(direction, identities);
    if (!more) return;
  }
}

// Returns whether the step has to be gone on with.
inline bool scan_line(fanfare_direction& direction, std::string_view payload, bool is_response) {
  const auto n = http1_span(&direction, direction.end - direction.off, is_response);
  http1_words words{};
  std::memcpy(&words, payload.data() + direction.off, n);
  return http1_scan(&direction, &words, n, is_response) != n;
}

inline bool walk_http_once(fanfare_direction& direction, std::string_view payload,
                           const Http& http) {
  if (http1_scans(&direction, http.is_response)) {
    const bool found = scan_line(direction, payload, http.is_response);
    if (http1_stops(&direction, http.exchanges, http.is_response)) return false;
    if (!found) return http1_goes_on(&direction, http.is_response);
  }
  const auto word = direction.skip ? 0 : word_of(payload.substr(direction.off));
  return http1_step(&direction, http.exchanges, http.publishes, word, http.is_response);
}

// Returns how many compressed pieces of a stream of events have passed.
inline std::uint32_t walk_http(fanfare_direction& direction, std::string_view payload,
                               std::uint32_t budget, const Http& http) {
  if (http1_stops(&direction, http.exchanges, http.is_response)) return 0;
  bool more = http1_goes_on(&direction, http.is_response);
  for (std::uint32_t step = 0; more && step < budget; ++step)
    more = walk_http_once(direction, payload, http);
  if (http1_goes_on(&direction, http.is_response)) {
    http1_refuse(&direction, 0, FANFARE_LOSS_FRAME_BUDGET);
    http1_stops(&direction, http.exchanges, http.is_response);
  }
  const bool counts = http.is_response && direction.stage != FANFARE_STAGE_FRAMES;
  return counts ? std::exchange(direction.http.coded, 0) : 0;
}

inline Loss feed(fanfare_direction& direction, const Segment& segment, const Budget& budget = {},
                 const Readers& readers = {}) {
  const auto length = static_cast<std::uint32_t>(segment.payload.size());
  const std::uint64_t events = direction.tally.by_class[FANFARE_EVENT].messages;
  if (!fanfare_admit(&direction, segment.seq, length, segment.hole_reason)) return {};
  take_identity(direction, readers.identities);
  take_reader_loss(direction, readers.classes);
  const std::uint32_t start = direction.off;
  std::uint32_t steps = budget.frames;
  if (!fanfare_in_step(&direction)) {
    const auto fresh = segment.payload.substr(start);
    if (readers.http.exchanges)
      http1_begin_segment(&direction, readers.http.exchanges, word_of(fresh),
                          readers.http.is_response);
    const auto second = fresh.size() > 8 ? word_of(fresh.substr(8)) : 0;
    if (readers.http.exchanges && readers.http.is_response &&
        sse_may_begin(&direction, readers.http.exchanges, segment.now_ns))
      sse_find(&direction, readers.http.exchanges, word_of(fresh), second,
               static_cast<std::uint32_t>(fresh.size()));
    if (direction.stage == FANFARE_STAGE_HTTP && fresh.size() >= 16 &&
        !http_may_upgrade(word_of(fresh), second)) {
      direction.last_ns = segment.now_ns;
      return {};
    }
    fanfare_begin_segment(&direction, word_of(segment.payload.substr(start)), segment.now_ns);
    if (fanfare_searches(&direction)) steps = budget.search;
  }
  std::uint32_t coded = 0;
  if (http1_walks(&direction))
    coded = walk_http(direction, segment.payload, budget.frames, readers.http);
  // A capture may have no byte of a segment: a skip has ended there perhaps, and nothing begins.
  const bool has_bytes = direction.off < direction.end;
  if (fanfare_is_replication(&direction))
    walk_rpcs(direction, segment.payload, budget.rpc, readers.identities);
  else if (has_bytes && fanfare_is_mqtt(&direction))
    walk_packets(direction, segment.payload, steps, readers);
  else if (has_bytes && !http1_walks(&direction))
    walk(direction, segment.payload, steps, readers);
  if (fanfare_settle(&direction, start)) {
    if (fanfare_is_mqtt(&direction))
      walk_packets(direction, segment.payload, budget.frames, readers);
    else
      walk(direction, segment.payload, budget.frames, readers);
    fanfare_settle(&direction, start);
  }
  if (direction.tally.by_class[FANFARE_EVENT].messages > events)
    direction.last_event_ns = segment.now_ns;
  if (!fanfare_in_step(&direction)) direction.last_ns = segment.now_ns;
  fanfare_note_loss(&direction, FANFARE_LOSS_COMPRESSED, coded);
  if (!direction.fault) return {.compressed = coded};
  Loss loss{.reason = direction.fault, .compressed = coded};
  loss.behind_close = fanfare_take_behind_close(&direction);
  loss.count = fanfare_take_fault(&direction);
  fanfare_note_loss(&direction, loss.reason, loss.count);
  return loss;
}

}  // namespace fanfare
