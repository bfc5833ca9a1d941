// SPDX-License-Identifier: Apache-2.0
// Worlds in which nothing is lost on the way, however it may look.
#include <string>

#include "tests/sim/cases.h"

namespace fanfare::sim {
namespace {

constexpr Second hour = 3600, day = 86400;

// A day; `laws` begin after six hours of it.
InnocentCase life(const std::string& name, WorldShape shape, Laws laws = {}, Second seconds = day) {
  for (Law& law : laws) {
    law.begin += healthy_before;
    if (law.end < for_ever) law.end += healthy_before;
  }
  return {.name = name, .plan = {.shape = shape, .laws = std::move(laws), .seconds = seconds}};
}

// What happens lasts for a while, and happens again every three hours.
Laws often(Kind kind, double amount, Second lasts, double more = 0) {
  Laws laws;
  for (Second begin = 0; begin < 18 * hour; begin += 3 * hour)
    laws.push_back(
        {.kind = kind, .begin = begin, .end = begin + lasts, .amount = amount, .more = more});
  return laws;
}

WorldShape few(unsigned clients, unsigned nodes, double rate) {
  WorldShape shape = shape_of(rate);
  shape.crowd.nodes = nodes;
  shape.crowd.pinned = clients;
  shape.crowd.online = nodes == 1 ? clients : 40;
  shape.crowd.users_for_each_online = nodes == 1 ? 1 : 5;
  return shape;
}

void add_small(std::vector<InnocentCase>& all) {
  for (const unsigned clients : {3U, 6U, 10U}) {
    const std::string name = std::to_string(clients) + " clients";
    all.push_back(life(name + " on one node", few(clients, 1, 1)));
    all.push_back(life(name + " here, three nodes at 2/s", few(clients, 3, 2)));
    WorldShape screens = few(clients, 3, 2);
    screens.crowd.screen_minutes = 5;
    all.push_back(life(name + " here, one room each at a time", screens));
  }
  WorldShape bursty = shape_of(5);
  bursty.crowd.nodes = 10;
  bursty.branching = .95;
  bursty.reply_seconds = 60;
  all.push_back(life("very bursty rooms, ten nodes", bursty));
  all.push_back(life("an ordinary day at 1/s", shape_of(1)));
  all.push_back(life("an ordinary day at 20/s", shape_of(20)));
  WorldShape any = shape_of(5);
  any.any_order = true;
  all.push_back(life("readers served in any order", any));
  WorldShape http = shape_of(5);
  http.over_http = 1;
  all.push_back(life("publishes over HTTP", http));
  WorldShape night = shape_of(2);
  night.crowd.daily_swing = .95;
  all.push_back(life("nights", night, {}, 3 * day));
  WorldShape screens = shape_of(5);
  screens.crowd.screen_minutes = 3;
  all.push_back(life("a room at a time, changed every 3 min", screens));
  screens.leave_frames = true;
  all.push_back(life("... with leave frames", screens));
}

void add_traffic(std::vector<InnocentCase>& all) {
  const auto add = [&](const char* name, double rate, Laws laws) {
    all.push_back(life(name, shape_of(rate), std::move(laws)));
  };
  add("10/s into empty rooms", 20, often(Kind::empty_rooms, 10, hour, 50));
  add("1000/s into empty rooms for a minute", 20, often(Kind::empty_rooms, 1000, 60, 200));
  add("bulk import", 5, often(Kind::empty_rooms, 100, 1200, 1e6));
  for (const double factor : {5., 20., 50.})
    all.push_back(life("traffic x" + std::to_string(static_cast<int>(factor)), shape_of(2),
                       often(Kind::traffic, factor, 600)));
  WorldShape hot = shape_of(5);
  InnocentCase ends = life("the hot room ends", hot);
  ends.plan.laws = {{.kind = Kind::hot_room, .begin = 1, .end = 4 * hour, .amount = 4},
                    {.kind = Kind::hot_room, .begin = 9 * hour, .end = 15 * hour, .amount = 4}};
  all.push_back(ends);
  add("live events", 5, often(Kind::live_event, .6, hour, 20));
  // Copies halve: what has left inside another event's message is seen by nobody.
  add("batches of 3 s in each room", 5, {{.kind = Kind::batching, .amount = 3}});
  all.back().hard = "the events inside another's message are read by nobody";
  add("batches of 0.5 s in each room, now and then", 20, often(Kind::batching, .5, hour));
  all.back().hard = all[all.size() - 2].hard;
  Laws coalesced = often(Kind::hot_room, 4, hour);
  for (const Law& law : often(Kind::batching, .1, hour)) coalesced.push_back(law);
  add("a hot room in batches of 0.1 s", 5, coalesced);
  add("elections", 5, often(Kind::election, 1, 3));
}

void add_changes(std::vector<InnocentCase>& all) {
  const auto add = [&](const char* name, double rate, Laws laws) {
    all.push_back(life(name, shape_of(rate), std::move(laws)));
  };
  add("affinity: fewer rooms come here", 5, {{.kind = Kind::affinity}});
  Laws rebalance = often(Kind::affinity, 1, 2 * hour);
  for (const Law& law : often(Kind::storm, .9, 60, 1)) rebalance.push_back(law);
  add("rebalancing", 5, rebalance);
  add("a third of the new sockets", 5, often(Kind::weight, .33, 90 * 60));
  add("drains", 5, often(Kind::drain, 1, 1200, 300));
  add("restarts", 5, often(Kind::restart, 1, 30));
  Laws rolling = often(Kind::restart, 1, 30);
  for (const double node : {1., 2.})
    for (Law law : often(Kind::restart_other, node, 30)) {
      law.begin += static_cast<Second>(node) * 120;
      law.end += static_cast<Second>(node) * 120;
      rolling.push_back(law);
    }
  add("rolling restarts", 20, rolling);
  add("reconnect storms of 90 %", 5, often(Kind::storm, .9, 60));
  add("mobile stalls, 30 % a minute", 5, often(Kind::stalls, .3, 90 * 60));
  add("a cell of 30 % stalls for 20 s", 5, often(Kind::cell_stall, .3, 60, 20));
  add("a cell of 30 % stalls for 60 s", 5, often(Kind::cell_stall, .3, 60, 60));
  all.back().hard = "rooms that are read in one cell only get nothing, and their readers are there";
  add("failovers in", 5, often(Kind::restart_other, 1, hour));
  add("a deploy, then one room for each client", 5, {{.kind = Kind::screens}});
  all.back().hard = "without leave frames the rooms still have their members";
  add("45 % of the rooms left, sockets open", 5,
      {{.kind = Kind::rooms_left, .end = 600, .amount = .45}});
  all.back().hard = "sockets that have left a room without a word look like members";
  WorldShape frames = shape_of(5);
  frames.leave_frames = true;
  all.push_back(life("... with leave frames, rooms left", frames,
                     {{.kind = Kind::rooms_left, .end = 600, .amount = .45}}));
  add("one capture loss a second", 20, {{.kind = Kind::capture_losses}});
  add("6 % of sockets unsynced", 20, {{.kind = Kind::unsynced, .amount = .06}});
}

}  // namespace

WorldShape shape_of(double rate) { return {.events_per_second = rate}; }

std::vector<InnocentCase> innocents() {
  std::vector<InnocentCase> all;
  add_small(all);
  add_traffic(all);
  add_changes(all);
  return all;
}

}  // namespace fanfare::sim
