// SPDX-License-Identifier: Apache-2.0
// What the kernel knows of BPF programs and maps, by command: attach the empty programs, switch the
// run-time statistics, read them for whatever is attached to a cgroup. Loads nothing of fanfare's.
#pragma once

#include <map>
#include <string>

#include "tests/bench/command_loop.h"

namespace fanfare::bench {

std::map<std::string, Command> meter_commands();

}  // namespace fanfare::bench
