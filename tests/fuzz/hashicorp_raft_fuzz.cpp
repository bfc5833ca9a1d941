// SPDX-License-Identifier: Apache-2.0
// Any bytes, cut anywhere, give the same tallies and end in the same state as fed whole, and these
// are what a second reading of the protocol says. The first byte chooses requests or answers, and
// whether the flow is older than the agent, and whether the identities and the rooms of entries are
// read; the next eight decide the cuts; the rest is the stream.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/identities.h"
#include "tests/support/invariants.h"
#include "tests/support/raft_decode.h"
#include "tests/support/stream_feeder.h"

namespace {

using namespace fanfare::test;

void check_rpcs(const Feeder& feeder, std::size_t bytes) {
  const fanfare_direction& d = feeder.direction();
  const Rpcs counted = rpcs(d);
  demand(d.off <= d.end && d.ncarry <= 7, "the walk stays inside its segment");
  demand(counted.frames <= bytes, "an answer takes two bytes, an RPC four");
  demand(counted.commands <= counted.entries, "a command is an entry");
  demand(counted.entries <= bytes, "an entry takes a byte");
  demand(counted.frames * !(d.flags & FANFARE_RESPONSES) == counted.append + counted.append_empty +
                                                                counted.heartbeat + counted.vote +
                                                                counted.snapshot + counted.other,
         "each request is of one kind, and no answer is");
  demand(d.stage == FANFARE_STAGE_RPC || d.stage == FANFARE_STAGE_ANCHOR ||
             (d.stage == FANFARE_STAGE_DISMISSED && counted == Rpcs{}),
         "it stays replication, or never was");
  demand(!d.fault, "the driver has taken the fault");
  demand(d.rpc.nested <= HASHICORP_RAFT_NESTED_MAX, "no absurd container");
}

void check_same_rpcs(const Feeder& whole, const Feeder& split) {
  const fanfare_direction& a = whole.direction();
  const fanfare_direction& b = split.direction();
  demand(rpcs(a) == rpcs(b), "the same tallies");
  demand(a.stage == b.stage && a.lost_by == b.lost_by, "the same stage");
  demand(a.skip == b.skip && a.ncarry == b.ncarry && a.frame == b.frame, "the same place");
  demand(a.ncarry == 0 || a.carry == b.carry, "the same bytes carried");
  demand(a.stage != FANFARE_STAGE_RPC || a.rpc.data == b.rpc.data, "as much of an entry read");
  demand(a.rpc.kind == b.rpc.kind && a.rpc.due == b.rpc.due && a.rpc.nested == b.rpc.nested &&
             a.rpc.entry_due == b.rpc.entry_due && a.rpc.entries_due == b.rpc.entries_due,
         "the same expectation");
}

// The one byte by which a shared port tells what follows.
bool has_prefix(std::string_view stream) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(stream[at]); };
  if (stream.size() < 8 || (byte(0) < 5 && byte(1) > 0x80 && byte(1) <= 0x8f)) return false;
  return byte(1) < 5 && (byte(2) & 0xf0) == 0x80 &&
         stream.substr(3, 5) ==
             "\xa4"
             "Addr";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const unsigned flags = data[0] & 1 ? FANFARE_RESPONSES : 0U;
  const bool old = data[0] & 2;
  fanfare_direction start = old ? older_rpcs(flags) : requests(flags);
  if (data[0] & 4) start.room.key = FANFARE_RULE_IDENTITY;
  const auto rule = data[0] & 8 ? by_payload_rule() : by_key_rule("id");
  auto of_whole = identities_and_rooms(rule, "cid"), of_split = of_whole;
  const std::string_view stream = input.substr(9);

  Feeder whole(start, boundless);
  whole.read_into(of_whole);
  whole.segment(stream);
  check_rpcs(whole, stream.size());
  if (!old || whole.lost_in_all() || whole.stage() == FANFARE_STAGE_RPC)
    demand(rpcs(whole.direction()) ==
               RaftDecoder(stream.substr(!old && !flags && has_prefix(stream)), flags).complete(),
           "a second reading");

  Feeder split(start, boundless);
  split.read_into(of_split);
  std::size_t cut = 0;
  for (std::string_view rest = stream; !rest.empty(); ++cut) {
    // Out of step the start of a segment matters on purpose.
    if (cut && split.stage() == FANFARE_STAGE_ANCHOR) break;
    const std::string_view piece = rest.substr(0, 1 + data[1 + cut % 8]);
    split.segment(piece);
    check_rpcs(split, stream.size());
    rest.remove_prefix(piece.size());
  }
  if (!old) {
    check_same_rpcs(whole, split);
    demand(of_whole.entries == of_split.entries && of_whole.entry_rooms == of_split.entry_rooms &&
               of_whole.entry_indexes == of_split.entry_indexes,
           "the same entries");
  }
  demand(of_whole.entries.size() <= stream.size() / 2, "an entry takes its key and its type");
  return 0;
}
