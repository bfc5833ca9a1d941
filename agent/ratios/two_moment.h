// SPDX-License-Identifier: Apache-2.0
// Evidence that a sum of non-negative parts has fallen (copies: each event has its own fan-out),
// from two moments alone. Natural logarithms, nats, pure.
#pragma once

#include <array>

namespace fanfare {

// The shares of loss that the components of the mixture are tuned to.
inline constexpr std::array<double, 5> two_moment_grid{.66, .40, .20, .10, .05};

// The null: each of the events brings f >= 0 copies with E f >= mean and E f^2 <= second.
struct Moments {
  double mean = 0;    // copies for an event, > 0
  double second = 0;  // copies^2, >= mean^2
};

// l = -lambda Y + E (lambda mean - lambda^2 second / 2) with lambda = loss * mean / second, for Y
// copies of E events. From e^-u <= 1 - u + u^2/2 for u >= 0: exp(l) is a supermartingale under the
// null for any law of the fan-out, however heavy its upper tail: large rooms cannot look like a
// loss. It grows by loss^2 mean^2 / (2 second) nats an event. Events that depend on each other
// within a cohort (one room bursts) want the second moment of the batch, see Dispersion.
std::array<double, two_moment_grid.size()> two_moment_increments(double events, double copies,
                                                                 const Moments& null);

// Nats for "mean >= m" against "mean <= m (1 - loss / 2)", one step, as if normal with variance
// `second`, which is more than the variance. Copies past twice the mean are left out: one large
// room must not prove the rest well. loss in (0, 1].
double two_moment_recovery(double events, double copies, const Moments& null, double loss);

// Nats an event by which the best lambda grows when the mean is `mean`: (m - mean)^2 / (2 second);
// 0 where it has not fallen.
double two_moment_information(double mean, const Moments& null);

}  // namespace fanfare
