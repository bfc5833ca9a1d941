// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/memory_need.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace fanfare {
namespace {

constexpr std::uint64_t hash_entry_bytes = 48;  // beside key and value
constexpr std::uint64_t bucket_bytes = 16;

std::uint64_t in_words(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

std::uint64_t bytes_of(const bpf_map* map) {
  const std::uint64_t entries = bpf_map__max_entries(map);
  const std::uint64_t key = in_words(bpf_map__key_size(map));
  const std::uint64_t value = in_words(bpf_map__value_size(map));
  switch (bpf_map__type(map)) {
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return entries * value * static_cast<std::uint64_t>(std::max(1, libbpf_num_possible_cpus()));
    case BPF_MAP_TYPE_HASH: {
      const std::uint64_t buckets = std::bit_ceil(entries) * bucket_bytes;
      const bool grows = (bpf_map__map_flags(map) & BPF_F_NO_PREALLOC) != 0;
      return buckets + (grows ? 0 : entries * (key + value + hash_entry_bytes));
    }
    default:
      return entries * value;
  }
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  if (file >> number) return number;
  return {};  // not there, or "max"
}

void lower(std::optional<std::uint64_t>& lowest, std::optional<std::uint64_t> limit) {
  if (limit && (!lowest || *limit < *lowest)) lowest = limit;
}

// The v2 line of /proc/self/cgroup is "0::PATH".
std::string own_cgroup(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "/";
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{} MB", bytes / 1'000'000); }

}  // namespace

std::uint64_t map_bytes(const bpf_object* object) {
  std::uint64_t bytes = 0;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) bytes += bytes_of(map);
  return bytes;
}

std::optional<std::uint64_t> memory_limit(const std::string& root) {
  std::optional<std::uint64_t> lowest;
  if (const char* told = std::getenv("FANFARE_MEMORY_LIMIT")) {
    char* end = nullptr;
    const auto bytes = std::strtoull(told, &end, 10);
    if (end != told && *end == '\0' && bytes != 0) lowest = bytes;
  }
  const std::filesystem::path top = root + "/sys/fs/cgroup";
  for (std::filesystem::path path = own_cgroup(root); path.has_relative_path();
       path = path.parent_path())
    lower(lowest, number_in((top / path.relative_path() / "memory.max").string()));
  lower(lowest, number_in((top / "memory.max").string()));
  return lowest;
}

std::string too_little_memory(const MemoryNeed& need, std::optional<std::uint64_t> limit) {
  if (!limit || need.at_start() <= *limit) return {};
  return fmt::format(
      "with limits.sockets: {} the agent needs {} at its start, {} of them for maps, and its "
      "memory "
      "limit is {}",
      need.sockets, megabytes(need.at_start()), megabytes(need.maps), megabytes(*limit));
}

std::string memory_remedy(const MemoryNeed& need, std::uint64_t limit) {
  std::string raise =
      fmt::format("raise the limit to {}", megabytes(need.when_full() / 1'000'000 * 1'000'000));
  // The few maps that do not grow with limits.sockets are counted as if they did: on the safe side.
  const std::uint64_t a_socket =
      need.sockets == 0 ? 1 : need.maps / need.sockets + agent_bytes_a_socket;
  if (limit <= agent_bytes) return raise;
  const std::uint64_t fits = (limit - agent_bytes) / a_socket / 1024 * 1024;
  if (fits == 0 || fits >= need.sockets) return raise;
  return fmt::format("{}, or set limits.sockets: {}", raise, fits);
}

}  // namespace fanfare
