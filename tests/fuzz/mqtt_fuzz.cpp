// SPDX-License-Identifier: Apache-2.0
// Any bytes, cut anywhere, give the same tallies and end in the same state as fed whole, and these
// are what a second decoder of MQTT says. The first byte chooses the direction, whether the flow is
// older than the agent, whether identities are read, and whether an older one may begin with a
// handshake, which only a whole segment tells; the next eight decide the cuts.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/invariants.h"
#include "tests/support/mqtt.h"
#include "tests/support/stream_feeder.h"

namespace {

using namespace fanfare;
using namespace fanfare::test;

struct Reading {
  Reading(const fanfare_direction& start, bool identifies) : direction(start) {
    identities.rule.kind = FANFARE_IDENTITY_BY_PAYLOAD;
    if (identifies) direction.client_rule = FANFARE_RULE_IDENTITY;
  }

  void segment(std::string_view bytes) {
    const Loss loss = feed(direction, {seq, bytes}, boundless, {.identities = &identities});
    losses += loss.count;
    seq += static_cast<std::uint32_t>(bytes.size());
    const fanfare_direction& d = direction;
    demand(d.off <= d.end && d.ncarry <= 7 && !d.fault, "the walk stays inside its segment");
    demand(d.stage == FANFARE_STAGE_PACKETS || d.stage == FANFARE_STAGE_PACKET_SEARCH,
           "it stays MQTT");
    demand(d.probation <= FANFARE_PROOF_FRAMES, "probation ends");
  }

  ClassCounts counted() const { return class_counts(direction); }
  std::uint64_t messages() const {
    std::uint64_t sum = 0;
    for (const auto count : counted().messages) sum += count;
    return sum;
  }

  fanfare_direction direction;
  Identities identities;
  std::uint32_t seq = 1000;
  std::uint64_t losses = 0;
};

void check_same(const Reading& whole, const Reading& split) {
  const fanfare_direction& a = whole.direction;
  const fanfare_direction& b = split.direction;
  demand(whole.counted() == split.counted(), "the same tallies");
  demand(whole.identities.hashes == split.identities.hashes, "the same identities");
  demand(a.stage == b.stage && a.lost_by == b.lost_by, "the same stage");
  demand(a.skip == b.skip && a.ncarry == b.ncarry && a.frame == b.frame, "the same place");
  demand(a.ncarry == 0 || a.carry == b.carry, "the same bytes carried");
  demand(a.flags == b.flags && a.probation == b.probation, "the same expectation");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 9, size - 9);
  const unsigned flags = data[0] & 1 ? FANFARE_MASKED : 0U;
  const bool old = data[0] & 2, identifies = data[0] & 4;
  const bool begins = old && (data[0] & 8);
  fanfare_direction start = old ? older_packets(flags) : packets(flags);
  start.searched = old && !begins;

  Reading whole(start, identifies), split(start, identifies);
  whole.segment(stream);
  demand(whole.messages() == whole.direction.tally.frames, "each packet has one class");
  demand(whole.messages() <= stream.size() / 2, "a packet takes two bytes");

  const MqttDecoder decoder(stream, flags);
  // Where identities are read, a topic or properties beyond the packet lose step too; properties
  // without a length do with the next byte, and there may be none.
  const bool waits = (whole.direction.frame & PACKET_PROPERTIES) && !whole.direction.frame_bytes;
  if (!old && !whole.losses && !waits)
    demand(whole.counted() == decoder.counted() && decoder.is_legal(), "a second decoder");
  if (!old && !identifies)
    demand(decoder.is_legal() || whole.losses > 0, "what is illegal is named");

  std::size_t cut = 0;
  for (std::string_view rest = stream; !rest.empty(); ++cut) {
    const std::string_view piece = rest.substr(0, 1 + data[1 + cut % 8]);
    split.segment(piece);
    rest.remove_prefix(piece.size());
  }
  if (!begins) check_same(whole, split);
  return 0;
}
