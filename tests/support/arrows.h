// SPDX-License-Identifier: Apache-2.0
// The direction of includes between rooms, as a pure check: (file, its text) -> what is wrong.
// Knows the rules of the design and nothing about where files lie.
#pragma once

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fanfare::test {

// Left to right; a room includes itself and what stands to its left.
inline constexpr std::array<std::string_view, 11> rooms{"config",  "net",   "pods",    "kernel",
                                                        "replay",  "model", "ratios",  "alerts",
                                                        "exports", "cli",   "backtest"};

// What agent/ and tests may take of bpf/. The framers are for replay.
inline constexpr std::array<std::string_view, 3> shared_words{"bpf/abi.h", "bpf/listeners.h",
                                                              "bpf/tcp_states.h"};

// The targets of #include lines, without quotes and brackets.
inline std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#') continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0) continue;
    const std::size_t open = line.find_first_of("<\"", at);
    const std::size_t end = line.find_first_of(">\"", open + 1);
    if (open != std::string::npos && end != std::string::npos)
      found.push_back(line.substr(open + 1, end - open - 1));
  }
  return found;
}

// "agent/model/x.h" -> "model"; empty for agent/main.cpp and anything outside agent/.
inline std::string room_of(std::string_view path) {
  if (!path.starts_with("agent/")) return {};
  path.remove_prefix(6);
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

inline bool is_shared_word(std::string_view target) {
  return target.starts_with("bpf/framers/") ||
         std::find(shared_words.begin(), shared_words.end(), target) != shared_words.end();
}

// libbpf's own headers, the bpf(2) interface and the generated skeleton.
inline bool is_libbpf(std::string_view target) {
  return target.ends_with(".skel.h") || target == "linux/bpf.h" || target == "bpf/btf.h" ||
         target.starts_with("bpf/libbpf") || target.starts_with("bpf/bpf");
}

// Why `file` may not include `target`; empty where it may.
inline std::string objection(std::string_view file, std::string_view target) {
  if (file.starts_with("bpf/framers/"))
    return target.starts_with("bpf/") && !is_libbpf(target) ? "" : "a framer includes only bpf/";
  if (file.starts_with("bpf/"))
    return target.starts_with("agent/") ? "the kernel side knows nothing of the agent" : "";
  if (!file.starts_with("agent/")) return {};
  const std::string room = room_of(file);
  if (is_libbpf(target)) return room == "kernel" ? "" : "libbpf is known in agent/kernel only";
  if (target.starts_with("bpf/"))
    return is_shared_word(target) ? "" : "the agent shares only abi.h and the framers";
  if (!target.starts_with("agent/") || room.empty()) return {};
  const auto mine = std::find(rooms.begin(), rooms.end(), room);
  const auto other = std::find(rooms.begin(), rooms.end(), room_of(target));
  if (mine == rooms.end() || other == rooms.end()) return "a room that the order does not name";
  return other <= mine ? "" : "points to the right";
}

// One line for each wrong include of a file.
inline std::vector<std::string> wrong_arrows(const std::string& file, const std::string& text) {
  std::vector<std::string> wrong;
  for (const std::string& target : includes_of(text)) {
    const std::string why = objection(file, target);
    if (!why.empty()) wrong.push_back(file + " includes " + target + ": " + why);
  }
  return wrong;
}

}  // namespace fanfare::test
