// SPDX-License-Identifier: Apache-2.0
// The way from a process to an alert as a chain of links, each with its figures. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/snapshot.h"

namespace fanfare {

enum class LinkState {
  whole,
  note,    // whole, and there is something to know
  broken,  // what stands behind it cannot be right
  unknown,
};

struct Link {
  std::string name;  // "process", "socket", ...
  LinkState state = LinkState::whole;
  std::string text;    // what is so, with its figures
  std::string remedy;  // the next thing to do; empty where there is nothing
};

// What the chain is about; each part only as far as it is known.
struct Subject {
  std::string kind{};                    // "shard", "alert", "pid" or "port"
  std::string name{};                    // as asked
  std::string shard{};                   // by label; empty: none
  std::string alert{};                   // its alertname
  std::vector<std::uint16_t> ports{};    // listened on, of clients
  std::vector<ListenerKey> listeners{};  // of those ports, that a process holds
};

struct Chain {
  Subject subject;
  std::vector<Link> links;  // in the order of the way of the data
};

}  // namespace fanfare
