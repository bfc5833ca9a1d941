// SPDX-License-Identifier: Apache-2.0
// Faults of one node of a shard of three, after hours of health.
#include <string>

#include "tests/sim/cases.h"

namespace fanfare::sim {
namespace {

using Figure = std::optional<double>;
constexpr Figure none{};

std::string rate_text(double rate) {
  return rate < 1 ? "0.2/s" : std::to_string(static_cast<int>(rate)) + "/s";
}

// Hours of health, then `laws` with begins and ends as from the onset on.
FaultCase fault(const std::string& name, double rate, Laws laws, Figure prototype, Figure before,
                Second watched = 7200, Second health = healthy_before) {
  FaultCase made{.name = name + ", " + rate_text(rate),
                 .rate = rate,
                 .onset = health,
                 .prototype = prototype,
                 .before = before};
  for (Law& law : laws) {
    law.begin += health;
    if (law.end < for_ever) law.end += health;
  }
  made.plan = {.shape = shape_of(rate),
               .laws = std::move(laws),
               .seconds = health + watched,
               .stops_at_page = true,
               .watched_from = health};
  return made;
}

FaultCase from_the_start(const std::string& name, double rate, Laws laws, Figure prototype,
                         Figure limit = none) {
  FaultCase made = fault(name, rate, std::move(laws), prototype, none, 7200, 1);
  made.limit = limit;
  return made;
}

void add_kinds(std::vector<FaultCase>& all) {
  const auto lasting = [](Kind kind, double amount, double more = 0) {
    return Laws{{.kind = kind, .amount = amount, .more = more}};
  };
  // Nobody's state survives: what fires must fire again.
  for (const double rate : {20., 1.}) {
    FaultCase lost =
        fault("state lost ten minutes into 66 %", rate, lasting(Kind::lost, .66), none, none);
    lost.plan.state_lost_at = lost.plan.watched_from = lost.onset = healthy_before + 600;
    lost.limit = rate > 1 ? 60 : 1200;
    all.push_back(lost);
    FaultCase again = fault("bad 12 h, well 12 h, bad again", rate, {}, none, none, 3600, 86400);
    again.plan.laws = {{.kind = Kind::lost, .begin = 1, .end = 43200, .amount = .66},
                       {.kind = Kind::lost, .begin = 86400, .amount = .66}};
    again.limit = rate > 1 ? 60 : 1200;
    all.push_back(again);
  }
  for (const double rate : {20., 1.}) {
    FaultCase zero = fault("zero configuration, 66 %", rate, lasting(Kind::lost, .66), none,
                           rate > 1 ? Figure(570) : none);
    zero.plan.shape.replicates = zero.plan.shape.identifies = false;
    all.push_back(zero);
  }
  for (const double rate : {5., 1.}) {
    FaultCase zero = fault("zero configuration, all lost", rate, lasting(Kind::lost, 1), none,
                           rate > 1 ? 3602 : 2886);
    zero.plan.shape.replicates = zero.plan.shape.identifies = false;
    all.push_back(zero);
  }
  FaultCase locals = fault("identity without replication, all local lost", 20,
                           lasting(Kind::lost_local, 1), none, none);
  locals.plan.shape.replicates = false;
  all.push_back(locals);
  all.push_back(fault("all 30 s late", 20, lasting(Kind::delayed, 30), none, none));
  all.push_back(fault("server wedged", 20, lasting(Kind::wedged, 1), none, none));
  all.push_back(fault("95 % of clients gone", 20, lasting(Kind::clients_gone, .95), none, none));
  all.push_back(fault("one large room lost", 20, lasting(Kind::room_lost, 1), none, none));
  all.push_back(fault("every copy twice", 20, lasting(Kind::doubled, 1), none, none));
  all.push_back(fault("66 % fewer publishes", 20, lasting(Kind::publishes_fewer, .66), none, none));
  all.push_back(
      fault("66 % of publishes vanish", 20, lasting(Kind::publishes_vanish, .66), none, none));
  all.push_back(fault("66 %, 10 s of each minute", 20, lasting(Kind::flapping, .66), none, none));
}

}  // namespace

std::vector<FaultCase> share_lost() {
  struct Row {
    double rate, share;
    Figure prototype, before;
  };
  const Row rows[] = {
      {.2, .66, 425, 2875}, {.2, .30, 1122, none}, {.2, .10, 4130, none}, {.2, .05, none, none},
      {1, .66, 31, 457},    {1, .30, 72, none},    {1, .10, 406, none},   {1, .05, 1264, none},
      {5, .66, 10, 55},     {5, .30, 14, 512},     {5, .10, 35, none},    {5, .05, 132, none},
      {20, .66, 8, 18},     {20, .30, 9, 110},     {20, .10, 26, none},   {20, .05, 40, none},
      {200, .66, 7, 8},     {200, .30, 7, 14},     {200, .10, 7, 366},    {200, .05, 10, none}};
  std::vector<FaultCase> all;
  for (const Row& row : rows) {
    const int percent = static_cast<int>(row.share * 100 + .5);
    all.push_back(fault(std::to_string(percent) + " % lost", row.rate,
                        {{.kind = Kind::lost, .amount = row.share}}, row.prototype, row.before,
                        row.rate < 1 ? 14400 : (row.rate > 100 ? 1800 : 7200)));
  }
  return all;
}

std::vector<FaultCase> recoveries() {
  std::vector<FaultCase> all;
  const auto one = [&](const char* name, double rate, Law law, Second lasts) {
    law.end = lasts;
    all.push_back(fault(name, rate, {law}, none, none, lasts + 3600));
    all.back().plan.stops_at_page = false;
  };
  for (const double rate : {20., 5., 1.}) {
    one("66 % lost for 10 min", rate, {.kind = Kind::lost, .amount = .66}, 600);
    one("66 % lost for 3 h", rate, {.kind = Kind::lost, .amount = .66}, 10800);
  }
  one("10 % lost for an hour", 20, {.kind = Kind::lost, .amount = .10}, 3600);
  one("total stop for 10 min", 20, {.kind = Kind::lost}, 600);
  one("half of the members unserved for 10 min", 20, {.kind = Kind::unserved, .amount = .5}, 600);
  one("all 30 s late for an hour", 20, {.kind = Kind::delayed, .amount = 30}, 3600);
  one("all 30 s late for an hour", 1, {.kind = Kind::delayed, .amount = 30}, 3600);
  one("66 % lost, 10 s of each minute, for an hour", 20, {.kind = Kind::flapping, .amount = .66},
      3600);
  one("server wedged for 10 min", 20, {.kind = Kind::wedged}, 600);
  return all;
}

std::vector<FaultCase> other_faults() {
  std::vector<FaultCase> all;
  const auto one = [&](const char* name, double rate, Law law, Figure prototype, Figure before) {
    all.push_back(fault(name, rate, {law}, prototype, before));
  };
  one("all remote lost", 20, {.kind = Kind::lost_remote}, 7, 19);
  one("all remote lost", 1, {.kind = Kind::lost_remote}, 30, 430);
  one("all local lost", 20, {.kind = Kind::lost_local}, none, none);
  one("total stop", 20, {.kind = Kind::lost}, none, none);
  one("total stop", 1, {.kind = Kind::lost}, none, none);
  one("half of the members unserved", 20, {.kind = Kind::unserved, .amount = .5}, 11, 166);
  one("ramp to 66 % in 3 h", 1, {.kind = Kind::ramp, .amount = .66, .more = 10800}, 1384, none);
  one("ramp to 66 % in 3 h", 20, {.kind = Kind::ramp, .amount = .66, .more = 10800}, 646, 4184);
  // A page wants 5 % lost, by the mean since the loss began: a ramp gets there later than the
  // evidence, which fires as a warning. Measured 1309 to 1447 s, where twice the prototype's figure
  // is 1292.
  all.back().limit = 1500;
  one("all 20 s late", 1, {.kind = Kind::delayed, .amount = 20}, 22, none);
  one("delay creeps to 60 s in 1 h", 1, {.kind = Kind::creeping, .amount = 60, .more = 3600}, 607,
      none);
  const Figure starts[][3] = {{.30, 419, none}, {.66, 34, 60}, {.95, 32, none}};
  for (const auto& [share, prototype, limit] : starts)
    all.push_back(from_the_start(
        "bad from the first second, " + std::to_string(static_cast<int>(*share * 100 + .5)) + " %",
        20, {{.kind = Kind::lost, .amount = *share}}, prototype, limit));
  all.push_back(from_the_start("bad from the first second, 66 %", 1,
                               {{.kind = Kind::lost, .amount = .66}}, none, 1200));
  all.push_back(
      from_the_start("total stop from the first second", 20, {{.kind = Kind::lost}}, none));
  const double hidden[][3] = {{.66, 8, 8}, {.30, 10, 9}, {.10, 31, 27}};
  for (const auto& [share, with_losses, with_unsynced] : hidden) {
    const std::string percent = std::to_string(static_cast<int>(share * 100 + .5)) + " % lost";
    const Law lost{.kind = Kind::lost, .amount = share};
    all.push_back(fault("a capture loss a second, " + percent, 20,
                        {lost, {.kind = Kind::capture_losses, .begin = -healthy_before + 1}},
                        with_losses, none));
    all.push_back(
        fault("6 % unsynced, " + percent, 20,
              {lost, {.kind = Kind::unsynced, .begin = -healthy_before + 1, .amount = .06}},
              with_unsynced, none));
  }
  add_kinds(all);
  return all;
}

}  // namespace fanfare::sim
