// SPDX-License-Identifier: Apache-2.0
#include "agent/replay/http_ports.h"

#include "agent/kernel/publish_set.h"
#include "bpf/framers/http_walk.h"

namespace fanfare {

HttpPorts::HttpPorts(const std::vector<ShardKnobs>& shards) {
  std::map<std::uint16_t, std::uint8_t> set_of_port;
  for (const std::uint32_t place : places_that_publish(shards)) {
    for (const auto port : shards[place].protocol_ports)
      set_of_port[port] = static_cast<std::uint8_t>(sets_.size());
    sets_.push_back(publish_set(shards[place].publishes));
  }
  if (sets_.empty()) sets_.emplace_back();  // what a port without publishes compares with
  for (const auto& [port, word] : client_protocols(shards))
    wanted_[port] = http1_wanted(word, set_of_port[port]);
}

std::uint8_t HttpPorts::wanted_on(std::uint16_t port) const {
  const auto found = wanted_.find(port);
  return found == wanted_.end() ? 0 : found->second;
}

const fanfare_publish_set& HttpPorts::publishes(std::uint8_t wanted) const {
  return sets_.at(wanted >> FANFARE_WANT_SET_SHIFT);
}

}  // namespace fanfare
