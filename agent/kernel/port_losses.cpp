// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/port_losses.h"

#include <set>

namespace fanfare {

std::vector<fanfare_port_loss> losses_of_nobody(const Snapshot& snapshot) {
  std::set<ListenerKey> open;
  const auto add = [&open](const auto& socket) {
    open.insert({socket.netns, socket.dialled ? socket.remote_port : socket.local_port});
  };
  for (const auto& flow : snapshot.flows) add(flow);
  for (const auto& dark : snapshot.dark) add(dark.socket);
  const auto& owners = *snapshot.owners;
  std::vector<fanfare_port_loss> found;
  for (const auto& loss : snapshot.port_losses) {
    const ListenerKey port{loss.of.netns, loss.of.port};
    if (!open.contains(port) && !owners.listeners.contains(port) && !owners.ended.contains(port))
      found.push_back(loss.of);
  }
  return found;
}

}  // namespace fanfare
