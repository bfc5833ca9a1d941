// SPDX-License-Identifier: Apache-2.0
// Chance with a fixed seed, so that a trial that failed once fails again. Not a distribution
// library: small ranges, where the bias of a remainder does not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace fanfare::test {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return engine_() % limit; }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (char& byte : text) byte = static_cast<char>(engine_());
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace fanfare::test
