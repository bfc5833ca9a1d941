// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/proc_net.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace fanfare {
namespace {

std::string_view next_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(' '), line.size());
  line.remove_prefix(begin);
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

// "  sl  local_address rem_address   st ...": "  0: 0100007F:1F90 0100007F:D2F4 01 ..."
std::size_t established_in(std::string_view proc_net_tcp, std::uint16_t port) {
  const std::string suffix = fmt::format(":{:04X}", port);
  std::size_t count = 0;
  while (!proc_net_tcp.empty()) {
    const auto end = std::min(proc_net_tcp.find('\n'), proc_net_tcp.size());
    auto line = proc_net_tcp.substr(0, end);
    proc_net_tcp.remove_prefix(std::min(end + 1, proc_net_tcp.size()));
    next_word(line);
    const auto local = next_word(line);
    next_word(line);
    count += local.ends_with(suffix) && next_word(line) == "01" ? 1 : 0;
  }
  return count;
}

std::optional<std::size_t> established_connections(std::uint32_t pid, std::uint16_t port) {
  std::optional<std::size_t> count;
  for (const char* table : {"tcp", "tcp6"}) {
    std::ifstream file(fmt::format("/proc/{}/net/{}", pid, table));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!text.empty()) count = count.value_or(0) + established_in(text, port);
  }
  return count;
}

}  // namespace fanfare
