// SPDX-License-Identifier: Apache-2.0
// Any payloads of any sub-protocol, cut anywhere, give the same classes as fed whole; and telling
// classes changes neither the frames nor the sum of the bytes. The first byte chooses the protocol,
// the second the direction, the next eight decide the cuts; the rest is the stream.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/kernel/class_rules.h"
#include "tests/support/invariants.h"
#include "tests/support/stream_feeder.h"

namespace {

using namespace fanfare;
using namespace fanfare::test;

fanfare_class_rule rule_of(unsigned protocol) {
  Classes classes;
  classes.heartbeats = {"type", {"ping", "1"}};
  if (protocol == 0) return class_rule_of(classes);
  classes.events = Subprotocol::match;
  classes.prefix = "4242424242";
  if (protocol == 1) return class_rule_of(classes);
  classes = {};
  constexpr unsigned first = static_cast<unsigned>(Subprotocol::socketio);
  constexpr unsigned count = static_cast<unsigned>(Subprotocol::mqtt) - first + 1;
  classes.events = static_cast<Subprotocol>(first + (protocol - 2) % count);
  return class_rule_of(classes);
}

struct Reading {
  explicit Reading(unsigned flags, const fanfare_class_rule* rule) : direction(in_step(flags)) {
    told.rule = rule;
    if (rule) direction.client_rule = FANFARE_RULE_CLASSES;
  }

  void segment(std::string_view bytes) {
    feed(direction, {seq, bytes}, boundless, {nullptr, &told});
    seq += static_cast<std::uint32_t>(bytes.size());
    demand(direction.off <= direction.end, "the walk stays inside its segment");
    demand(!reader_has_loss(&direction), "the driver has taken the loss");
  }

  fanfare_direction direction;
  ToldClasses told;
  std::uint32_t seq = 1000;
};

std::uint64_t bytes(const ClassCounts& counts) {
  std::uint64_t sum = 0;
  for (const auto of_class : counts.bytes) sum += of_class;
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 12) return 0;
  const fanfare_class_rule rule = rule_of(data[0]);
  const unsigned flags = (data[1] & 1 ? FANFARE_MASKED : 0U) | (data[1] & 2 ? FANFARE_DEFLATE : 0U);
  const std::string_view stream(reinterpret_cast<const char*>(data) + 10, size - 10);

  Reading plain(flags, nullptr), whole(flags, &rule), split(flags, &rule);
  plain.segment(stream);
  whole.segment(stream);
  std::size_t cut = 0;
  for (std::string_view rest = stream; !rest.empty(); ++cut) {
    const std::string_view piece = rest.substr(0, 1 + data[2 + cut % 8]);
    split.segment(piece);
    rest.remove_prefix(piece.size());
  }
  const ClassCounts counted = class_counts(whole.direction);
  demand(counted == class_counts(split.direction), "the same classes");
  demand(whole.told.compressed == split.told.compressed, "the same compressed");
  demand(whole.told.unread == split.told.unread, "the same unread");
  // A lock on probation takes back what it counted, so that only directions in step compare.
  if (plain.direction.stage != FANFARE_STAGE_FRAMES || plain.direction.probation) return 0;
  demand(whole.direction.tally.frames == plain.direction.tally.frames, "the same frames");
  const ClassCounts framed = class_counts(plain.direction);
  demand(bytes(counted) == bytes(framed), "each byte in a class");
  if (rule.protocol == FANFARE_MQTT_IN_WEBSOCKET) return 0;  // has controls of its own
  demand(counted.messages[FANFARE_CONTROL] == framed.messages[FANFARE_CONTROL],
         "the same controls");
  demand(counted.bytes[FANFARE_CONTROL] == framed.bytes[FANFARE_CONTROL], "the bytes of controls");
  return 0;
}
