// SPDX-License-Identifier: Apache-2.0
#include "agent/model/own_addresses.h"

#include <algorithm>
#include <utility>

namespace fanfare {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr Address v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96
constexpr Address v6_loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint8_t v4_loopback = 127;

bool is_loopback(const Address& at) {
  if (std::equal(at.begin(), at.begin() + 12, v4_prefix.begin())) return at[12] == v4_loopback;
  return at == v6_loopback;
}

}  // namespace

void OwnAddresses::learn(const Snapshot& snapshot) {
  known_.insert(snapshot.owners->addresses.begin(), snapshot.owners->addresses.end());
  for (const auto& flow : snapshot.flows) {
    const auto local = std::to_array(flow.local);
    if (flow.local_port == 0 || local == latest_) continue;
    known_.insert(local);
    latest_ = local;
  }
}

void OwnAddresses::forget_unused(const Snapshot& snapshot) {
  const auto& here = snapshot.owners->addresses;
  std::set<Address> used(here.begin(), here.end());
  for (const auto& flow : snapshot.flows)
    for (const auto& end : {std::to_array(flow.local), std::to_array(flow.remote)})
      if (known_.contains(end)) used.insert(end);
  known_ = std::move(used);
  latest_ = {};
}

bool OwnAddresses::has(const std::uint8_t (&remote)[16]) const {
  const auto at = std::to_array(remote);
  return is_loopback(at) || known_.contains(at);
}

}  // namespace fanfare
