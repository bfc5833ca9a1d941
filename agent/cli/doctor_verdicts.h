// SPDX-License-Identifier: Apache-2.0
// How a check is made, and the checks of the programs. Included only by doctor's own files.
#pragma once

#include <string>
#include <string_view>

#include "agent/cli/doctor_checks.h"

namespace fanfare {

Check ok(std::string_view code, std::string seen);
Check skipped(std::string_view code, std::string why);
// Consequence and, unless given, remedy are those of the code.
Check miss(std::string_view code, std::string cause, std::string remedy = {});
Check warning(std::string_view code, std::string cause, std::string consequence,
              std::string remedy = {});

// A remedy in the words of what started the process; `systemd` empty: as at a shell.
std::string by_launcher(const HostFacts& host, const std::string& shell,
                        const std::string& container, const std::string& kubernetes,
                        const std::string& systemd = {});

Check check_bpf_call(const DoctorFacts& facts);
Check check_map(const DoctorFacts& facts);
Check check_load(const DoctorFacts& facts);
Check check_attach(const DoctorFacts& facts);
Check check_packet(const DoctorFacts& facts);
Check check_scope(const DoctorFacts& facts);
Check check_owners(const DoctorFacts& facts);

}  // namespace fanfare
