// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/process_facts.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string_view>

#include "agent/kernel/program_name.h"
#include "agent/pods/cgroup_name.h"

namespace fanfare {
namespace {

constexpr std::string_view deleted = " (deleted)";  // the kernel's word behind /proc/PID/exe
constexpr std::size_t longest_command_line = std::size_t{64} * 1024;

std::string path_of(std::uint32_t pid, const char* what) {
  return "/proc/" + std::to_string(pid) + "/" + what;
}

}  // namespace

std::string executable_of(std::uint32_t pid) {
  std::array<char, 4096> path{};
  const auto length = ::readlink(path_of(pid, "exe").c_str(), path.data(), path.size());
  std::string name(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  // An upgrade has replaced the file; what runs goes by the same name until it is restarted.
  if (name.ends_with(deleted)) name.erase(name.size() - deleted.size());
  return name;
}

std::vector<std::string> command_line_of(std::uint32_t pid) {
  std::ifstream file(path_of(pid, "cmdline"), std::ios::binary);
  std::string text(longest_command_line, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return arguments_of(text);
}

std::uint32_t parent_of(std::uint32_t pid) {
  std::ifstream file(path_of(pid, "status"));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PPid:"))
      return static_cast<std::uint32_t>(std::strtoul(line.c_str() + 5, nullptr, 10));
  return 0;
}

std::string v1_path_of(std::uint32_t pid) {
  std::ifstream file(path_of(pid, "cgroup"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return v1_container_path(text);
}

std::string program_of(const std::string& exe, const std::vector<std::string>& arguments,
                       std::uint32_t parent) {
  if (parent > 0 && is_spawned_worker(arguments)) {
    const auto above = command_line_of(parent);
    if (!above.empty() && !is_spawned_worker(above))
      if (auto program = program_name(executable_of(parent), above); !program.empty())
        return program;
  }
  return program_name(exe, arguments);
}

}  // namespace fanfare
