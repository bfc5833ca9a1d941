// SPDX-License-Identifier: Apache-2.0
// "Installed, green, and silent": walks the chain from a process to its alerts and says where it
// breaks first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/exports/chain.h"
#include "agent/exports/view.h"

namespace fanfare {

// `what` is a shard's name, an alert's name, a port (":8080") or a process ("pid:4711"). A bare
// number is a port if anybody listens on it or it has sockets, else a process. One explanation for
// each thing that it may mean; none where nothing of the kind is known.
std::vector<Chain> explain(const View& view, std::string_view what, Monotonic now);

// [{"what","kind","shard","alert","ports":[..],"pids":[..],"links":[{"link","state","text",
// "remedy"}],"broken":index or null}]
std::string explain_json(const View& view, std::string_view what, Monotonic now);

}  // namespace fanfare
