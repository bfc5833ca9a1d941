// SPDX-License-Identifier: Apache-2.0
// Nothing pages where nothing is lost. FANFARE_SIM_LIVES says how many lives of each world are led;
// three of all of them are more than 10^7 seconds.
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <ostream>

#include "tests/sim/cases.h"

namespace fanfare::sim {

void PrintTo(const InnocentCase& world, std::ostream* out) { *out << world.name; }

namespace {

class Innocents : public testing::TestWithParam<InnocentCase> {};

TEST_P(Innocents, NeverPage) {
  const InnocentCase& world = GetParam();
  if (!world.hard.empty()) GTEST_SKIP() << world.hard;
  const char* text = std::getenv("FANFARE_SIM_LIVES");
  const unsigned lives = text == nullptr ? 3 : static_cast<unsigned>(std::atoi(text));
  Plan plan = world.plan;
  plan.measures_climbs = true;
  double seconds = 0, climbs = 0;
  for (unsigned seed = 1; seed <= lives; ++seed) {
    const Outcome run = play(plan, seed, Edition::second);
    seconds += static_cast<double>(run.seconds);
    const auto reach = run.climbs.find("reach");
    if (reach != run.climbs.end()) climbs += reach->second[5];
    for (const Change& change : run.changes)
      if (change.firing && change.critical)
        ADD_FAILURE() << "seed " << seed << ", " << change.at << " s: " << change.name << ": "
                      << change.why;
  }
  // What is promised of the threshold is measured where it is cheap to: three runs climb.
  EXPECT_LE(climbs, std::max(10., 3 * seconds / std::exp(5))) << "climbs of 5 nats";
}

std::string test_name(const testing::TestParamInfo<InnocentCase>& info) {
  std::string name;
  for (const char c : info.param.name)
    if (std::isalnum(static_cast<unsigned char>(c)))
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  return name + "_" + std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Each, Innocents, testing::ValuesIn(innocents()), test_name);

}  // namespace
}  // namespace fanfare::sim
