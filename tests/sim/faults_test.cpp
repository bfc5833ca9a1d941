// SPDX-License-Identifier: Apache-2.0
// Each fault pages in time: the median of a few worlds, in seconds of theirs. FANFARE_SIM_SEEDS
// says how many; odd numbers have a median.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>

#include "tests/sim/cases.h"

namespace fanfare::sim {

void PrintTo(const FaultCase& fault, std::ostream* out) { *out << fault.name; }

namespace {

unsigned number_of(const char* variable, unsigned usual) {
  const char* text = std::getenv(variable);
  return text == nullptr ? usual : static_cast<unsigned>(std::atoi(text));
}

bool is_long() { return std::getenv("FANFARE_SIM_SEEDS") != nullptr; }

// Those that a bound is asked for; what takes a minute of its own only in the long run.
std::vector<FaultCase> bounded() {
  std::vector<FaultCase> all = share_lost();
  for (FaultCase& fault : other_faults()) all.push_back(std::move(fault));
  std::erase_if(all, [](const FaultCase& fault) {
    return !fault.bound() || (!is_long() && (fault.rate > 100 || *fault.bound() > 2500));
  });
  return all;
}

class Faults : public testing::TestWithParam<FaultCase> {};

TEST_P(Faults, PageInTime) {
  const FaultCase& fault = GetParam();
  const unsigned seeds = number_of("FANFARE_SIM_SEEDS", 3);
  std::vector<Second> paged;
  std::string words;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    const Outcome run = play(fault.plan, seed, Edition::second);
    const Second took = run.first_page(fault.onset).value_or(for_ever) - fault.onset + 1;
    paged.push_back(took);
    words += " seed " + std::to_string(seed) + ": " +
             (took > fault.plan.seconds ? "never" : std::to_string(took));
  }
  std::sort(paged.begin(), paged.end());
  RecordProperty("median", static_cast<int>(std::min<Second>(paged[seeds / 2], 1'000'000)));
  EXPECT_LE(static_cast<double>(paged[seeds / 2]), *fault.bound()) << words;
}

std::string test_name(const testing::TestParamInfo<FaultCase>& info) {
  std::string name;
  for (const char c : info.param.name)
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, Faults, testing::ValuesIn(bounded()), test_name);

}  // namespace
}  // namespace fanfare::sim
