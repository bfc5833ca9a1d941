// SPDX-License-Identifier: Apache-2.0
// Work on several CPUs at once.
#pragma once

#include <sched.h>

#include <exception>
#include <thread>
#include <vector>

namespace fanfare::test {

// Threads spread over the CPUs; a failure inside one ends the test at its join.
template <typename Work>
void on_threads(int count, const Work& work) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  const auto cpus = std::thread::hardware_concurrency();
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(static_cast<unsigned>(i) % cpus, &set);
      ::sched_setaffinity(0, sizeof set, &set);
      try {
        work(static_cast<std::size_t>(i));
      } catch (...) {
        failures[static_cast<std::size_t>(i)] = std::current_exception();
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace fanfare::test
