// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/features.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/utsname.h>

#include <memory>

namespace fanfare {
namespace {

// The probe says 0: not there; 1: there; below 0: it could not be asked.
bool lacks_helper(bpf_func_id helper) {
  return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SKB, helper, nullptr) == 0;
}

class KernelTypes {
 public:
  KernelTypes() : types_(btf__parse_raw("/sys/kernel/btf/vmlinux"), &btf__free) {}
  bool lack(const char* name, unsigned kind) const { return types_ && !have(name, kind); }
  bool have(const char* name, unsigned kind) const {
    return types_ && btf__find_by_name_kind(types_.get(), name, kind) > 0;
  }

 private:
  std::unique_ptr<btf, decltype(&btf__free)> types_;
};

int say_nothing(libbpf_print_level, const char*, va_list) { return 0; }

}  // namespace

std::vector<std::string> missing_features() {
  const auto print_before = libbpf_set_print(say_nothing);
  std::vector<std::string> missing;
  if (lacks_helper(BPF_FUNC_loop)) missing.emplace_back("bpf_loop() (5.17)");
  if (lacks_helper(BPF_FUNC_skc_to_tcp_sock))
    missing.emplace_back("bpf_skc_to_tcp_sock() for cgroups (5.9)");
  const KernelTypes types;
  if (types.lack("bpf_iter__task_file", BTF_KIND_STRUCT))
    missing.emplace_back("an iterator over open files (5.8)");
  if (types.lack("btf_trace_inet_sock_set_state", BTF_KIND_TYPEDEF))
    missing.emplace_back("the tracepoint inet_sock_set_state (4.16)");
  libbpf_set_print(print_before);
  return missing;
}

bool has_kernel_function(const char* name) { return KernelTypes().have(name, BTF_KIND_FUNC); }

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "of an unknown version";
}

std::string too_old(const std::string& release, const std::vector<std::string>& missing) {
  std::string names;
  for (const auto& name : missing) names += (names.empty() ? "" : ", ") + name;
  return fmt::format("Linux {} has no {}: fanfare needs Linux {}.{} or newer", release, names,
                     floor_major, floor_minor);
}

}  // namespace fanfare
