// SPDX-License-Identifier: Apache-2.0
// What the programs need of a kernel beyond what every kernel has, asked by trying it:
// distributions backport, so a version proves nothing.
#pragma once

#include <string>
#include <vector>

namespace fanfare {

inline constexpr unsigned floor_major = 6, floor_minor = 1;  // the oldest kernel that is tested

// Those that are not there, each by a name for people and the first kernel that has it. Needs
// CAP_BPF and, for what BTF tells, /sys/kernel/btf/vmlinux; what cannot be asked counts as there.
std::vector<std::string> missing_features();

// Whether the kernel has a function by this name for programs to call, as its BTF tells.
bool has_kernel_function(const char* name);

// As uname says it.
std::string kernel_release();

// "Linux 5.10.0-32-cloud-amd64 has no bpf_loop() (5.17): fanfare needs Linux 6.1 or newer".
std::string too_old(const std::string& release, const std::vector<std::string>& missing);

}  // namespace fanfare
