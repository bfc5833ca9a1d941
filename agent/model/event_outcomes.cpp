// SPDX-License-Identifier: Apache-2.0
#include "agent/model/event_outcomes.h"

#include <algorithm>
#include <iterator>

namespace fanfare {
namespace {

// A copy that ran ahead of what made the event due came at once.
double lag_seconds(const fanfare_event& event) {
  if (event.first_copy_ns <= event.due_ns) return 0;
  return static_cast<double>(event.first_copy_ns - event.due_ns) / 1e9;
}

SettledEvent settled(const fanfare_event& event) {
  SettledEvent outcome{.room = event.room,
                       .local = event.publisher != 0,
                       .publisher = event.publisher,
                       .copies = event.copies,
                       .lag_seconds = event.copies > 0 ? lag_seconds(event) : -1};
  static_assert(std::size(decltype(event.to){}) == event_receivers);
  std::copy(std::begin(event.to), std::end(event.to), outcome.to.begin());
  return outcome;
}

}  // namespace

std::map<std::string, EventOutcomes> event_outcomes(const std::vector<ToldEvent>& told,
                                                    const std::vector<ShardRule>& rules) {
  std::map<std::string, EventOutcomes> outcomes;
  for (const auto& [event, late] : told) {
    if (event.shard >= rules.size() || rules[event.shard].room.kind == Room::Kind::none) continue;
    auto& of_shard = outcomes[rules[event.shard].name];
    if (late)
      of_shard.late.push_back(
          {.room = event.room, .local = event.publisher != 0, .lag_seconds = lag_seconds(event)});
    else
      of_shard.settled.push_back(settled(event));
  }
  return outcomes;
}

}  // namespace fanfare
