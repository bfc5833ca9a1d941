// SPDX-License-Identifier: Apache-2.0
// The ports on which HTTP is walked, and what publishes there: as client_protocol_of_port and
// publish_sets in the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "agent/kernel/knobs.h"
#include "bpf/abi.h"

namespace fanfare {

class HttpPorts {
 public:
  // Throws StartError: as the kernel would, too many publishes.
  explicit HttpPorts(const std::vector<ShardKnobs>& shards);

  // As fanfare_exchanges.wanted; 0 where HTTP is not walked.
  std::uint8_t wanted_on(std::uint16_t port) const;
  // `wanted` of a port.
  const fanfare_publish_set& publishes(std::uint8_t wanted) const;

 private:
  std::map<std::uint16_t, std::uint8_t> wanted_;
  std::vector<fanfare_publish_set> sets_;
};

}  // namespace fanfare
