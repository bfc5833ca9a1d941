// SPDX-License-Identifier: Apache-2.0
// One end of the load, by command. Every set of sockets has a name; see socket_commands.cpp for
// the words.
#pragma once

#include <map>
#include <string>

#include "tests/bench/command_loop.h"

namespace fanfare::bench {

// `home` is the cgroup to go back to after a visit to another.
std::map<std::string, Command> socket_commands(const std::string& home);

}  // namespace fanfare::bench
