// SPDX-License-Identifier: Apache-2.0
// Any bytes at the start of a connection: the head parser ends in the same state however they are
// cut, and a stream that it accepts does hold the words of an upgrade. Cut until the head is over
// only: behind it a segment's start matters on purpose.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/invariants.h"
#include "tests/support/stream_feeder.h"

namespace {

using namespace fanfare::test;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  return out;
}

void check_words(const Feeder& feeder, std::string_view stream) {
  const fanfare_direction& direction = feeder.direction();
  if (!(direction.flags & FANFARE_UPGRADED)) {
    demand(feeder.counted() == Counts{}, "nothing is counted without an upgrade");
    return;
  }
  while (stream.starts_with("HTTP/1.1 1") && !stream.starts_with("HTTP/1.1 101")) {
    const std::size_t end = stream.find("\r\n\r\n");
    demand(end != std::string_view::npos, "an interim head ends before the upgrade begins");
    stream.remove_prefix(end + 4);
  }
  const std::size_t end = stream.find("\r\n\r\n");
  demand(stream.starts_with("HTTP/1.1 101") && end != std::string_view::npos, "a head of 101");
  const std::string head = lower(stream.substr(0, end));
  demand(head.find("upgrade") != std::string::npos, "the field");
  demand(head.find("websocket") != std::string::npos, "the protocol");
  if (direction.flags & FANFARE_DEFLATE)
    demand(head.find("permessage-deflate") != std::string::npos, "the extension");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 10) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 8, size - 8);

  Feeder whole(fresh_server(), boundless);
  whole.segment(stream);
  check_invariants(whole, stream.size());
  check_words(whole, stream);

  Feeder split(fresh_server(), boundless);
  std::size_t cut = 0;
  for (std::string_view rest = stream; !rest.empty(); ++cut) {
    if (split.stage() == FANFARE_STAGE_HTTP) break;
    const std::string_view piece = rest.substr(0, 1 + data[cut % 8]);
    split.segment(piece);
    check_invariants(split, stream.size());
    rest.remove_prefix(piece.size());
  }
  check_same(whole, split);
  return 0;
}
