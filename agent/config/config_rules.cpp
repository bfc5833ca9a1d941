// SPDX-License-Identifier: Apache-2.0
// The comparisons of config_rules.h.
#include "agent/config/config_rules.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "agent/config/config_error.h"
#include "agent/config/text.h"

namespace fanfare {
namespace {

std::size_t cgroup_depth(const std::string& path) {
  if (path.empty() || path == "/") return 0;
  return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

bool is_same_or_below(std::string_view path, std::string_view above) {
  if (above == "/") return true;
  return path.starts_with(above) && (path.size() == above.size() || path[above.size()] == '/');
}

bool can_share_cgroup(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || is_same_or_below(a, b) || is_same_or_below(b, a);
}

// Both lists sorted: thousands of shards with hundreds of ports are compared pair by pair.
bool can_share_port(const ShardMatch& a, const ShardMatch& b) {
  if (a.listen_ports.empty() || b.listen_ports.empty()) return true;
  auto in_a = a.listen_ports.begin();
  auto in_b = b.listen_ports.begin();
  while (in_a != a.listen_ports.end() && in_b != b.listen_ports.end()) {
    if (*in_a == *in_b) return true;
    *in_a < *in_b ? ++in_a : ++in_b;
  }
  return false;
}

std::string place_of(std::size_t shard, const std::vector<int>& lines) {
  return "shards[" + std::to_string(shard) + "] (line " + std::to_string(lines[shard]) + ")";
}

void check_names(const Config& config, const std::vector<int>& lines, const std::string& file) {
  std::map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < config.shards.size(); ++i) {
    const auto [first, is_new] = seen.emplace(config.shards[i].name, i);
    if (is_new) continue;
    refuse({.file = file, .line = lines[i], .key = "shards[" + std::to_string(i) + "].name"},
           quoted(config.shards[i].name) + " is already the name of " +
               place_of(first->second, lines) + "; allowed: a name of its own");
  }
}

}  // namespace

bool is_stricter(const ShardMatch& a, const ShardMatch& b) {
  const bool a_ports = !a.listen_ports.empty();
  const bool b_ports = !b.listen_ports.empty();
  const bool a_exe = !a.exe.empty();
  const bool b_exe = !b.exe.empty();
  const std::size_t a_depth = cgroup_depth(a.cgroup);
  const std::size_t b_depth = cgroup_depth(b.cgroup);
  const bool as_much = a_ports >= b_ports && a_depth >= b_depth && a_exe >= b_exe;
  const bool more = a_ports > b_ports || a_depth > b_depth || a_exe > b_exe;
  return as_much && more;
}

bool can_overlap(const ShardMatch& a, const ShardMatch& b) {
  const bool can_share_exe = a.exe.empty() || b.exe.empty() || a.exe == b.exe;
  return can_share_exe && can_share_cgroup(a.cgroup, b.cgroup) && can_share_port(a, b);
}

void check_shards(const Config& config, const std::vector<int>& lines, std::string_view file_name) {
  const std::string file(file_name);
  check_names(config, lines, file);
  for (std::size_t i = 0; i < config.shards.size(); ++i) {
    const ShardRule& late = config.shards[i];
    for (std::size_t j = 0; j < i; ++j) {
      const ShardRule& early = config.shards[j];
      if (is_stricter(late.match, early.match) || is_stricter(early.match, late.match)) continue;
      if (!can_overlap(late.match, early.match)) continue;
      refuse({.file = file, .line = lines[i], .key = "shards[" + std::to_string(i) + "].match"},
             quoted(late.name) + " can claim the same sockets as " + quoted(early.name) + ", " +
                 place_of(j, lines) +
                 ", and neither is stricter; allowed: ports, cgroups or executables that exclude "
                 "each other, or a further condition for one of them");
    }
  }
}

}  // namespace fanfare
