// SPDX-License-Identifier: Apache-2.0
// The validated configuration as plain values, every default in one place. How the file is read
// and refused stands in config_file.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fanfare {

struct Limits {
  std::uint32_t sockets = 131072;  // flow records in the kernel
  std::uint32_t shards = 1000;     // shard labels; the rest goes to shard="other"
  bool operator==(const Limits&) const = default;
};

// All given conditions must hold; an empty one holds always.
struct ShardMatch {
  std::vector<std::uint16_t> listen_ports;
  std::string cgroup;  // path below the root; the cgroup itself or any below it
  std::string exe;     // path of the listener's executable
  bool operator==(const ShardMatch&) const = default;
};

struct ShardRule {
  std::string name;
  ShardMatch match;
  bool operator==(const ShardRule&) const = default;
};

struct Config {
  std::string node = "auto";  // "auto": the host's name
  std::string cluster = "default";
  std::string cgroup = "auto";  // "auto": the host's cgroup v2 root; else a path, may be a subtree
  std::string listen = "127.0.0.1:9477";
  std::string admin = "/run/fanfare/admin.sock";
  Limits limits;
  std::vector<ShardRule> shards;
  bool operator==(const Config&) const = default;
};

}  // namespace fanfare
