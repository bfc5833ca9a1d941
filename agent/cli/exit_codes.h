// SPDX-License-Identifier: Apache-2.0
// The exit codes of the contract and what they mean, in one place: for the man page and for
// `fanfare help "exit 4"`.
#pragma once

#include <array>
#include <string_view>

namespace fanfare {

struct ExitCode {
  std::string_view name;  // "exit 0"; the place in the table is the code
  std::string_view meaning;
  std::string_view next;  // what to do
};

inline constexpr std::array<ExitCode, 5> exit_codes{{
    {"exit 0", "Fine.", "Nothing."},
    {"exit 1",
     "A finding: unhealthy, an alert fires, below a threshold, a broken link, a mismatch, "
     "something "
     "will be missing.",
     "Read what was printed; each finding has its remedy."},
    {"exit 2", "The command line or the configuration is wrong; nothing was done.",
     "Read what was printed; fanfare COMMAND --help and fanfare config check FILE tell more."},
    {"exit 3", "No agent answered at the admin socket.",
     "Is it running (fanfare agent)? Is --admin PATH right? May this user ask it?"},
    {"exit 4", "The kernel or a permission is lacking.", "Run fanfare doctor; it says which."},
}};

}  // namespace fanfare
