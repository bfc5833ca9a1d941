// SPDX-License-Identifier: Apache-2.0
// The load generator and the meter of the benchmark, as one program that bench.py drives by lines
// of JSON. It decides nothing: what is measured, how often and what it means stands in the .py
// files.
#include <sched.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include "tests/bench/meter.h"
#include "tests/bench/socket_commands.h"

namespace {

// Where the host has fewer CPUs, the last one.
void pin_to(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(std::min(cpu, std::thread::hardware_concurrency() - 1), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  if (role == "meter" && argc == 2) {
    fanfare::bench::run_commands(fanfare::bench::meter_commands());
  } else if (role == "sockets" && argc == 4) {
    pin_to(static_cast<unsigned>(std::atoi(argv[3])));
    fanfare::bench::run_commands(fanfare::bench::socket_commands(argv[2]));
  } else {
    std::cerr << "usage: bench_load meter | bench_load sockets HOME-CGROUP CPU\n";
    return 2;
  }
}
