// SPDX-License-Identifier: Apache-2.0
// Which hop a socket is (design section 1): its peer is on this host, a proxy or a sidecar, or on
// another. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <set>

#include "agent/kernel/snapshot.h"

namespace fanfare {

class OwnAddresses {
 public:
  // Those of the owner scan, and every address that a socket of the snapshot has on its near side,
  // in whatever network namespace.
  void learn(const Snapshot& snapshot);
  // But for those that no socket of the snapshot has on either side any more: of a pod that is gone
  // another host may have the address next.
  void forget_unused(const Snapshot& snapshot);

  // `remote` as in fanfare_flow. A loopback address is always of this host.
  bool has(const std::uint8_t (&remote)[16]) const;

 private:
  using Address = std::array<std::uint8_t, 16>;
  std::set<Address> known_;
  Address latest_{};  // most sockets share their near address with the one before
};

}  // namespace fanfare
