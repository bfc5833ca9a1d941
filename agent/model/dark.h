// SPDX-License-Identifier: Apache-2.0
// A socket that is not followed, as if it had a record: for all that asks whose it is.
#pragma once

#include <algorithm>
#include <iterator>

#include "bpf/abi.h"

namespace fanfare {

inline fanfare_flow stand_in(const fanfare_dark& dark) {
  fanfare_flow flow{};
  flow.cgroup_id = dark.cgroup_id;
  std::ranges::copy(dark.local, std::begin(flow.local));
  std::ranges::copy(dark.remote, std::begin(flow.remote));
  flow.netns = dark.netns;
  flow.local_port = dark.local_port;
  flow.remote_port = dark.remote_port;
  flow.protocol = dark.protocol;
  flow.dialled = dark.dialled;
  if (dark.spoke == FANFARE_IS_CLIENTS) flow.out.flags = FANFARE_UPGRADED;
  return flow;
}

}  // namespace fanfare
