// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/meter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

#include "agent/kernel/fd.h"
#include "agent/kernel/skeleton.h"
#include "bench_empty.skel.h"
#include "bpf/abi.h"
#include "fanfare.skel.h"

namespace fanfare::bench {
namespace {

namespace json = boost::json;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

Fd open_cgroup(const std::string& path) {
  Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) fail("opening the cgroup");
  return directory;
}

class Meter {
 public:
  json::object attach_empty(const std::string& path) {
    if (const int error = bench_empty_bpf::load(empty_.get())) {
      errno = -error;
      fail("loading the empty programs");
    }
    const auto cgroup = open_cgroup(path);
    auto& links = empty_->links;
    links.empty_egress = bpf_program__attach_cgroup(empty_->progs.empty_egress, cgroup.get());
    links.empty_ingress = bpf_program__attach_cgroup(empty_->progs.empty_ingress, cgroup.get());
    if (!links.empty_egress || !links.empty_ingress) fail("attaching the empty programs");
    return {};
  }

  // Held open: the kernel keeps statistics as long as somebody does.
  json::object stats_on() {
    stats_ = Fd(bpf_enable_stats(BPF_STATS_RUN_TIME));
    if (!stats_) fail("BPF_ENABLE_STATS");
    return {};
  }

  json::object stats_off() {
    stats_ = Fd();
    return {};
  }

 private:
  Skeleton<bench_empty_bpf> empty_;
  Fd stats_;
};

// Run count and time, summed over the programs attached to this very cgroup.
json::object runs_of(const Fd& cgroup, bpf_attach_type type) {
  std::array<std::uint32_t, 64> ids{};
  std::uint32_t flags = 0;
  auto count = static_cast<std::uint32_t>(ids.size());
  if (bpf_prog_query(cgroup.get(), type, 0, &flags, ids.data(), &count) != 0)
    fail("BPF_PROG_QUERY");
  std::uint64_t runs = 0, nanoseconds = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Fd program(bpf_prog_get_fd_by_id(ids[i]));
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
      fail("reading a program's statistics");
    runs += info.run_cnt;
    nanoseconds += info.run_time_ns;
  }
  return {{"programs", count}, {"runs", runs}, {"nanoseconds", nanoseconds}};
}

json::object runs(const std::string& path) {
  const auto cgroup = open_cgroup(path);
  return {{"egress", runs_of(cgroup, BPF_CGROUP_INET_EGRESS)},
          {"ingress", runs_of(cgroup, BPF_CGROUP_INET_INGRESS)}};
}

using Bss = fanfare_bpf::fanfare_bpf__bss;

// The value of the map if it is a .bss as long as this build's, else empty. The skeleton's struct
// may be rounded up where the map is not.
std::vector<std::byte> read_bss(const Fd& map) {
  constexpr std::size_t kernel_rounds_to = 8;
  bpf_map_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(map.get(), &info, &size) != 0) fail("reading about a map");
  if (!std::string_view(info.name).ends_with(".bss") ||
      info.value_size + kernel_rounds_to <= sizeof(Bss))
    return {};
  std::vector<std::byte> value(info.value_size + kernel_rounds_to);
  const std::uint32_t key = 0;
  if (bpf_map_lookup_elem(map.get(), &key, value.data()) != 0) fail("reading the agent's .bss");
  return value;
}

// How many records a running agent's filter by port still counts; `maps` are the ids of its maps.
json::object watched(const json::array& maps) {
  for (const auto& id : maps) {
    const Fd map(bpf_map_get_fd_by_id(id.to_number<std::uint32_t>()));
    if (!map) fail("opening a map of the agent");
    const auto value = read_bss(map);
    if (value.empty()) continue;
    const auto* bss = reinterpret_cast<const Bss*>(value.data());
    std::uint64_t records = 0;
    for (const auto port : bss->watched_ports) records += port;
    return {{"records", records}};
  }
  throw std::runtime_error("the agent has no .bss like this build's");
}

}  // namespace

std::map<std::string, Command> meter_commands() {
  const auto meter = std::make_shared<Meter>();
  return {
      {"attach_empty",
       [=](const json::object& given) { return meter->attach_empty(text_of(given, "cgroup")); }},
      {"stats_on", [=](const json::object&) { return meter->stats_on(); }},
      {"stats_off", [=](const json::object&) { return meter->stats_off(); }},
      {"runs", [=](const json::object& given) { return runs(text_of(given, "cgroup")); }},
      {"watched", [=](const json::object& given) { return watched(given.at("maps").as_array()); }},
  };
}

}  // namespace fanfare::bench
