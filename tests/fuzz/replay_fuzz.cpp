// SPDX-License-Identifier: Apache-2.0
// Any bytes as packets of any link layer: nothing is read beyond them, no count exceeds what they
// can hold, and what is held back is bounded. And any bytes as a recorded snapshot: refused or
// read. The first byte chooses the link layer; then packets, each behind its length and a step of
// time.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/replay/bad_file.h"
#include "agent/replay/connections.h"
#include "agent/replay/recording_codec.h"
#include "tests/support/invariants.h"

namespace {

using namespace fanfare;
using test::demand;

Knobs knobs() {
  Knobs knobs;
  knobs.sockets = 64;
  knobs.identities = 16;
  knobs.shards = {{.identity = {Identity::Kind::json_key, "id"},
                   .client_ports = {8080},
                   .replication_ports = {7000}},
                  {.identity = {Identity::Kind::payload, ""},
                   .client_ports = {1883},
                   .protocol = ClientProtocol::mqtt,
                   .protocol_ports = {1883}}};
  return knobs;
}

void check(const Snapshot& snapshot, std::size_t bytes) {
  demand(snapshot.flows.size() == snapshot.cookies.size(), "each flow has its cookie");
  for (const auto& flow : snapshot.flows)
    for (const auto* direction : {&flow.out, &flow.in}) {
      demand(direction->tally.frames <= bytes, "a frame takes bytes");
      demand(direction->ncarry <= 7, "a token's rest is at most seven bytes");
      demand(!direction->fault, "the driver has taken the fault");
    }
}

void packets(std::string_view input) {
  const auto link = static_cast<LinkLayer>(static_cast<unsigned char>(input[0]) % 5);
  const std::size_t size = input.size();
  Connections connections(knobs());
  Monotonic now{1};
  input.remove_prefix(1);
  while (input.size() > 2) {
    const auto length = static_cast<unsigned char>(input[0]);
    now += std::chrono::milliseconds(static_cast<unsigned char>(input[1]) * 16);
    const auto bytes = input.substr(2, length);
    const auto [kind, segment] = decode_packet(link, bytes, length + 8U * (length & 1));
    demand(segment.payload.size() <= bytes.size(), "a payload is of its packet");
    if (kind == Decoded::tcp) connections.take(segment, now);
    input.remove_prefix(2 + bytes.size());
  }
  Snapshot snapshot;
  connections.fill(snapshot, now);
  check(snapshot, 300 * size);
  connections.flush();
  Snapshot last;
  connections.fill(last, now);
  check(last, 300 * size);
}

void recording(std::string_view input) {
  SnapshotDecoder decoder;
  try {
    decoder.decode(input);
  } catch (const BadFile&) {  // refused, as it should
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (data[0] == 0xff)
    recording(input.substr(1));
  else
    packets(input);
  return 0;
}
