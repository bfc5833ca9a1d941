// SPDX-License-Identifier: Apache-2.0
// Any bytes, cut anywhere, give the same tallies and end in the same state as fed whole. The first
// byte chooses the starting point, and whether identities and rooms are read, the second and on
// decide the cuts; the rest is the stream.
// What was in step throughout is what a second decoder makes of it. Time stands still, since
// silence and segment starts matter on purpose.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/decode.h"
#include "tests/support/identities.h"
#include "tests/support/invariants.h"
#include "tests/support/stream_feeder.h"

namespace {

using namespace fanfare::test;

fanfare_direction start_of(unsigned choice) {
  const unsigned flags = (choice & 1 ? FANFARE_MASKED : 0U) | (choice & 2 ? FANFARE_DEFLATE : 0U);
  if (!(choice & 4)) return in_step(flags);
  // The upgrade has been seen, so that a segment which reads HTTP/1.1 is only a payload.
  fanfare_direction direction = older(flags | FANFARE_UPGRADED | FANFARE_SEQ_KNOWN);
  return direction;
}

void check_decoded(const Feeder& whole, std::string_view stream) {
  if (whole.was_out_of_step()) return;
  Decoder decoder(stream);
  demand(decoder.complete() == whole.counted(), "a second decoder counts the same");
  demand(decoder.behind_close() == whole.lost(FANFARE_LOSS_AFTER_CLOSE),
         "and names the same behind a Close");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fanfare_direction start = start_of(data[0]);
  if (data[0] & 8) start.client_rule = FANFARE_RULE_IDENTITY;
  const auto rule = data[0] & 16 ? by_payload_rule() : by_key_rule("id");
  auto of_whole = identities_and_rooms(rule, "cid"), of_split = of_whole;
  const std::string_view stream = input.substr(9);

  Feeder whole(start, boundless);
  whole.read_into(of_whole);
  if (!stream.empty()) whole.segment(stream);
  check_invariants(whole, stream.size());
  if (!(data[0] & 4) && !stream.empty()) check_decoded(whole, stream);

  Feeder split(start, boundless);
  split.read_into(of_split);
  std::size_t cut = 0;
  for (std::string_view rest = stream; !rest.empty(); ++cut) {
    const std::string_view piece = rest.substr(0, 1 + data[1 + cut % 8]);
    split.segment(piece);
    check_invariants(split, stream.size());
    rest.remove_prefix(piece.size());
  }
  check_same(whole, split);
  demand(of_whole.hashes == of_split.hashes && of_whole.rooms == of_split.rooms,
         "the same identities and rooms");
  if (!whole.was_out_of_step())
    demand(whole.lost_in_all() == split.lost_in_all(), "the same messages behind a Close");
  return 0;
}
