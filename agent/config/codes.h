// SPDX-License-Identifier: Apache-2.0
// The stable codes of what may stand in the way of an agent: printed by the agent's own refusals
// and by `fanfare doctor`, explained by `fanfare help CODE`. Append only: a number is never given
// again. The words of each stand in agent/cli/doctor_codes.cpp.
#pragma once

#include <string_view>

namespace fanfare::code {

// the kernel
inline constexpr std::string_view kernel_version = "FF-101";
inline constexpr std::string_view btf = "FF-102";
inline constexpr std::string_view cgroup_tree = "FF-103";
inline constexpr std::string_view cgroup_root = "FF-104";
inline constexpr std::string_view lockdown = "FF-105";
// permissions
inline constexpr std::string_view cap_bpf = "FF-201";
inline constexpr std::string_view cap_perfmon = "FF-202";
inline constexpr std::string_view cap_net_admin = "FF-203";
inline constexpr std::string_view user_namespace = "FF-204";
inline constexpr std::string_view bpf_call = "FF-205";
inline constexpr std::string_view memlock = "FF-206";
inline constexpr std::string_view cap_sys_ptrace = "FF-207";
inline constexpr std::string_view memory = "FF-208";
// the programs
inline constexpr std::string_view map = "FF-301";
inline constexpr std::string_view load = "FF-302";
inline constexpr std::string_view attach = "FF-303";
inline constexpr std::string_view packet = "FF-304";
// what is seen
inline constexpr std::string_view scope = "FF-401";
inline constexpr std::string_view owners = "FF-402";
// the surroundings
inline constexpr std::string_view config = "FF-501";
inline constexpr std::string_view listen = "FF-502";
inline constexpr std::string_view admin = "FF-503";
inline constexpr std::string_view agent = "FF-504";
inline constexpr std::string_view pods = "FF-505";

}  // namespace fanfare::code
