// SPDX-License-Identifier: Apache-2.0
// The detectors against their mathematics, by simulation: delays against the table that the design
// gives, and the guarantee on false alarms where it is cheap.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <string>

#include "agent/ratios/ecusum.h"
#include "agent/ratios/two_moment.h"
#include "tests/support/random_laws.h"

namespace fanfare {
namespace {

// --- delays: exact nulls, as in the table; the settle time comes on top ---

// Mean ticks from the onset to `17.27` nats, one false alarm a year for one signal.
constexpr double table_threshold = 17.27;

template <std::size_t N>
double mean_delay(int runs, std::function<std::array<double, N>(Random&)> increments) {
  Random random(N);
  double total = 0;
  for (int run = 0; run < runs; ++run) {
    Mixture mixture(N);
    do {
      mixture.advance(increments(random), {}, 1e3);
      ++total;
    } while (mixture.evidence() < table_threshold);
  }
  return total / runs;
}

double share_delay(double rate, double loss, double null) {
  const int runs = rate / loss < 100 ? 2000 : 200;
  return mean_delay<binomial_grid.size()>(runs, [=](Random& random) {
    const double n = poisson(random, rate);
    return binomial_increments(n, binomial(random, n, null * (1 - loss)), null);
  });
}

double sum_delay(double rate, double loss, double variation) {
  const Moments null{30, 900 * (1 + variation * variation)};
  return mean_delay<two_moment_grid.size()>(loss > 0.5 ? 400 : 60, [=](Random& random) {
    const double n = poisson(random, rate);
    return two_moment_increments(n, fan_out(random, n, 30, variation) * (1 - loss), null);
  });
}

void expect_delay(double measured, double expected, const std::string& what) {
  std::cout << what << ": " << measured << " s (table " << expected << ")\n";
  // A tick is the least there is, so that below two the table says no more than that.
  EXPECT_LE(measured, std::max(expected * 1.25, expected + 0.3)) << what;
  EXPECT_GE(measured, std::min(expected * 0.75, expected - 0.3)) << what;
}

struct ShareRow {
  double null, loss;
  std::array<double, 4> seconds;  // at 1, 10, 100, 1000 events/s; 0: not in the table
};

class ShareDelay : public testing::TestWithParam<ShareRow> {};

TEST_P(ShareDelay, IsThatOfTheTable) {
  const auto& row = GetParam();
  double rate = 1;
  for (const double seconds : row.seconds) {
    if (seconds > 0)
      expect_delay(share_delay(rate, row.loss, row.null), seconds,
                   "null " + std::to_string(row.null) + " loss " + std::to_string(row.loss) +
                       " rate " + std::to_string(rate));
    rate *= 10;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ShareDelay,
                         testing::Values(ShareRow{.999, .66, {6.0, 1.1, 1.0, 1.0}},
                                         ShareRow{.999, .05, {123, 13, 1.9, 1.0}},
                                         ShareRow{.999, .01, {1144, 112, 13, 1.8}},
                                         ShareRow{.99, .66, {8.9, 1.4, 1.0, 1.0}},
                                         ShareRow{.99, .05, {321, 34, 4.0, 1.0}},
                                         ShareRow{.99, .01, {4794, 474, 50, 5.7}},
                                         ShareRow{.6, .66, {59, 6.6, 1.0, 1.0}},
                                         ShareRow{.6, .05, {9739, 976, 98, 11}},
                                         ShareRow{.6, .01, {0, 0, 2394, 260}}));

struct SumRow {
  double variation, loss;
  std::array<double, 4> seconds;
};

class SumDelay : public testing::TestWithParam<SumRow> {};

TEST_P(SumDelay, IsThatOfTheTable) {
  const auto& row = GetParam();
  double rate = 1;
  for (const double seconds : row.seconds) {
    if (seconds > 0)
      expect_delay(sum_delay(rate, row.loss, row.variation), seconds,
                   "CV " + std::to_string(row.variation) + " loss " + std::to_string(row.loss) +
                       " rate " + std::to_string(rate));
    rate *= 10;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, SumDelay,
                         testing::Values(SumRow{1, .66, {173, 18, 2.1, 1.0}},
                                         SumRow{1, .05, {0, 3087, 300, 31}},
                                         SumRow{3, .66, {847, 85, 8.9, 1.1}},
                                         SumRow{3, .05, {0, 0, 1439, 145}}));

// --- the guarantee where it is cheap: at 5 nats at least e^5 ticks ---

template <std::size_t N>
double mean_run(int alarms, std::function<std::array<double, N>(Random&)> increments) {
  Random random(7);
  double ticks = 0;
  Mixture mixture(N);
  for (int alarm = 0; alarm < alarms; ++ticks) {
    mixture.advance(increments(random), {}, 1e3);
    if (mixture.evidence() < 5) continue;
    mixture.reset();
    ++alarm;
  }
  return ticks / alarms;
}

TEST(RunLength, AtFiveNatsIsWhatTheGuaranteeSays) {
  for (const double rate : {1., 20., 100.})
    for (const double null : {.6, .97, .999}) {
      const double length = mean_run<binomial_grid.size()>(20, [=](Random& random) {
        const double n = poisson(random, rate);
        return binomial_increments(n, binomial(random, n, null), null);
      });
      std::cout << "run length, share, null " << null << " rate " << rate << ": " << length << "\n";
      EXPECT_GE(length, std::exp(5));
    }
  for (const double variation : {1., 3.}) {
    const Moments null{30, 900 * (1 + variation * variation)};
    double ticks = 0;
    Mixture mixture(two_moment_grid.size());
    Random random(8);
    for (; ticks < 2e5 && mixture.evidence() < 5; ++ticks) {
      const double n = poisson(random, 20);
      mixture.advance(two_moment_increments(n, fan_out(random, n, 30, variation), null), {}, 1e3);
    }
    std::cout << "run length, sum, CV " << variation << ": " << ticks << "\n";
    EXPECT_GE(ticks, std::exp(5));
  }
}

}  // namespace
}  // namespace fanfare
