// SPDX-License-Identifier: Apache-2.0
// What no single value can be refused for: shards that share a name or claim the same sockets, and
// ports that the kernel programs could not tell apart.
//
// Who gets a socket whose listener fits several shards? The stricter one. A is stricter than B when
// A asks at least as much in each of these four and more in one of them:
//   listen_ports   any < given            (which ports and how many tells nothing)
//   cgroup         any = "/" < "/a" < "/a/b"
//   exe            any < given
//   pod_labels     any < {app: chat} < {app: chat, tier: eu}
// Two shards that can fit the same listener, neither of them stricter, are refused. So among all
// that fit one listener there is always exactly one that is stricter than every other. The same
// holds for replication, with the ports of replication in the place of listen_ports.
#pragma once

#include <string_view>
#include <vector>

#include "agent/config/config.h"

namespace fanfare {

bool is_stricter(const ShardMatch& a, const ShardMatch& b);

// Some listener could fit both. Their listen_ports are sorted, as the reader leaves them.
bool can_overlap(const ShardMatch& a, const ShardMatch& b);

// The conditions for a socket between two nodes. Precondition: the shard has replication.
ShardMatch replication_match(const ShardRule& shard);

// Where a shard and its keys stand in the file, from 1.
struct ShardLines {
  int shard = 0;
  int protocol = 0;
  int publishes = 0;
  int identity = 0;
  int room = 0;
  int events = 0;
  int heartbeats = 0;
  int replication_ports = 0;
};

// Throws ConfigError that names both shards and lines. lines[i] belongs to config.shards[i].
void check_shards(const Config& config, const std::vector<ShardLines>& lines,
                  std::string_view file_name);

}  // namespace fanfare
