// SPDX-License-Identifier: Apache-2.0
// Prints, as markdown, how soon each fault pages and what pages falsely: the judge that knows
// counts only beside the one that knows rooms.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <regex>
#include <string>

#include "tests/sim/cases.h"

namespace fanfare::sim {
namespace {

struct Flags {
  std::string table = "all";  // faults | others | ends | innocent | climbs | all
  std::string only = ".";     // names that match
  unsigned seeds = 5, lives = 1, first_seed = 1;
  bool first = true, second = true;
  bool why = false;
  double hours = 0;  // > 0: of an innocent life
};

struct Times {
  std::vector<double> paged;
  unsigned tried = 0, before_onset = 0;
  std::vector<std::string> words;

  double median() const { return paged.empty() ? 1e9 : paged[(paged.size() - 1) / 2]; }
  bool most() const { return paged.size() * 2 > tried; }
  std::string text() const {
    char text[64];
    if (paged.size() * 2 <= tried)
      std::snprintf(text, sizeof text, "%zu of %u", paged.size(), tried);
    else if (paged.size() < tried)
      std::snprintf(text, sizeof text, "%.0f (%zu of %u)", paged[tried / 2], paged.size(), tried);
    else
      std::snprintf(text, sizeof text, "%.0f (%.0f)", paged[tried / 2], paged.back());
    return text;
  }
};

Times times_of(const FaultCase& fault, Edition edition, const Flags& flags) {
  Times times;
  for (unsigned i = 0; i < flags.seeds; ++i) {
    const unsigned seed = flags.first_seed + i;
    const Outcome run = play(fault.plan, seed, edition);
    ++times.tried;
    const Second before = fault.plan.state_lost_at > 0 ? healthy_before : fault.onset;
    if (fault.plan.laws.front().begin >= fault.onset || fault.plan.state_lost_at > 0)
      times.before_onset += static_cast<unsigned>(run.pages(0, before));
    const auto page = run.first_page(fault.onset);
    // A law holds from the begin of its second on, a page comes at the end of one.
    if (page) times.paged.push_back(static_cast<double>(*page - fault.onset + 1));
    const Change* warning = run.first_change(fault.onset, false);
    std::string words = "seed " + std::to_string(seed);
    for (const Change& change : run.changes) {
      if (!change.firing || change.at + 1 < fault.onset) continue;
      words += "; " + std::to_string(change.at - fault.onset) + " s " + change.name +
               (change.critical ? " critical: " : " warning: ") + change.why;
      if (change.critical) break;
    }
    (void)warning;
    times.words.push_back(words);
  }
  std::sort(times.paged.begin(), times.paged.end());
  return times;
}

void print_words(const Times& times) {
  for (const std::string& words : times.words) std::printf("    %s\n", words.c_str());
}

void print_faults(const char* title, const std::vector<FaultCase>& faults, const Flags& flags) {
  std::printf("\n## %s\n\nSeconds to the first critical page: median (longest) of %u seeds.\n\n",
              title, flags.seeds);
  std::printf(
      "| fault | first edition | second edition | prototype | bound | false pages before |\n");
  std::printf("|---|---|---|---|---|---|\n");
  const std::regex only(flags.only);
  for (const FaultCase& fault : faults) {
    if (!std::regex_search(fault.name, only)) continue;
    const Times first = flags.first ? times_of(fault, Edition::first, flags) : Times{};
    const Times second = flags.second ? times_of(fault, Edition::second, flags) : Times{};
    const auto bound = fault.bound();
    const bool missed =
        flags.second && bound && (!second.most() || second.paged[second.tried / 2] > *bound);
    std::printf("| %s | %s | %s%s | %s | %s | %u |\n", fault.name.c_str(), first.text().c_str(),
                second.text().c_str(), missed ? " **missed**" : "",
                fault.prototype ? std::to_string(static_cast<int>(*fault.prototype)).c_str() : "-",
                bound ? std::to_string(static_cast<int>(*bound)).c_str() : "-",
                second.before_onset);
    if (flags.why) print_words(flags.second ? second : first);
    std::fflush(stdout);
  }
}

struct Falsely {
  int pages = 0;
  double seconds = 0, due = 0, readable = 0, copies = 0;
  int warnings = 0;
  std::vector<std::string> words;
};

Falsely falsely(const InnocentCase& world, Edition edition, const Flags& flags) {
  Falsely all;
  for (unsigned i = 0; i < flags.lives; ++i) {
    const unsigned seed = flags.first_seed + i;
    Plan plan = world.plan;
    if (flags.hours > 0) plan.seconds = static_cast<Second>(flags.hours * 3600);
    const Outcome run = play(plan, seed, edition);
    all.pages += run.pages(0);
    all.seconds += static_cast<double>(run.seconds);
    all.due += run.due;
    all.readable += run.readable;
    all.copies += run.copies;
    for (const Change& change : run.changes) {
      all.warnings += change.firing && !change.critical;
      if (change.firing && (change.critical || flags.why))
        all.words.push_back("seed " + std::to_string(seed) + ", " + std::to_string(change.at) +
                            " s: " + change.name + (change.critical ? "" : " (warning)") + ": " +
                            change.why);
    }
  }
  return all;
}

void print_innocents(const Flags& flags) {
  std::printf("\n## Innocent worlds\n\nCritical pages, each of them false.\n\n");
  std::printf(
      "| world | shard-days | events/s | reach | first edition, a shard-day | second: pages "
      "| a shard-day | warnings |\n|---|---|---|---|---|---|---|---|\n");
  const std::regex only(flags.only);
  for (const InnocentCase& world : innocents()) {
    if (!std::regex_search(world.name, only)) continue;
    const Falsely first = flags.first ? falsely(world, Edition::first, flags) : Falsely{};
    const Falsely second = flags.second ? falsely(world, Edition::second, flags) : Falsely{};
    const Falsely& known = flags.second ? second : first;
    std::printf("| %s%s | %.1f | %.2f | %.2f | %.2f | %d | %.2f | %d |\n", world.name.c_str(),
                world.hard.empty() ? "" : " (hard)", known.seconds / 86400,
                known.due / known.seconds, known.readable / known.due,
                first.seconds > 0 ? first.pages / first.seconds * 86400 : 0, second.pages,
                second.seconds > 0 ? second.pages / second.seconds * 86400 : 0, known.warnings);
    std::size_t shown = 0;
    for (const std::string& words : known.words)
      if (flags.why || shown++ < 4) std::printf("    %s\n", words.c_str());
    std::fflush(stdout);
  }
}

// How long after the end of a fault its page goes on, and into how many pages it falls.
void print_ends(const Flags& flags) {
  std::printf(
      "\n## Ends\n\nSeconds, by seed: page after the begin; its end after the fault's; pages; "
      "seconds "
      "of the fault without one after the first.\n\n");
  std::printf("| fault | edition | by seed |\n|---|---|---|\n");
  const std::regex only(flags.only);
  for (const FaultCase& fault : recoveries()) {
    if (!std::regex_search(fault.name, only)) continue;
    for (const Edition edition : {Edition::first, Edition::second}) {
      if (edition == Edition::first ? !flags.first : !flags.second) continue;
      std::printf("| %s | %d |", fault.name.c_str(), static_cast<int>(edition));
      for (unsigned i = 0; i < flags.seeds; ++i) {
        const Outcome run = play(fault.plan, flags.first_seed + i, edition);
        const Second end = fault.plan.laws.front().end;
        const auto page = run.first_page(fault.onset, end);
        if (!page) {
          std::printf(" never;");
          continue;
        }
        Second silent = 0;
        for (Second t = *page; t < end; ++t) silent += !run.fires_at(t);
        const auto ended = run.last_end();
        std::printf(" %ld, %s, %d, %ld;", static_cast<long>(*page - fault.onset + 1),
                    ended ? std::to_string(*ended - end).c_str() : "goes on",
                    run.pages(fault.onset), static_cast<long>(silent));
      }
      std::printf(" |\n");
      std::fflush(stdout);
    }
  }
}

// How often the evidence of each signal climbs how high in innocent worlds: the time between two
// such climbs beside e^h, which is promised.
void print_climbs(const Flags& flags) {
  std::map<std::string, Climbs> all;
  double seconds = 0;
  const std::regex only(flags.only);
  for (const InnocentCase& world : innocents()) {
    if (!world.hard.empty() || !std::regex_search(world.name, only)) continue;
    for (unsigned i = 0; i < flags.lives; ++i) {
      Plan plan = world.plan;
      plan.measures_climbs = true;
      if (flags.hours > 0) plan.seconds = static_cast<Second>(flags.hours * 3600);
      const Outcome run = play(plan, flags.first_seed + i, Edition::second);
      seconds += static_cast<double>(run.seconds);
      for (const auto& [signal, climbs] : run.climbs)
        for (std::size_t nats = 1; nats < climbs.size(); ++nats) all[signal][nats] += climbs[nats];
    }
  }
  std::printf("\n## Seconds from one climb of the evidence to the next, %.2g shard-seconds\n\n",
              seconds);
  std::printf("| signal |");
  for (int nats = 3; nats <= 20; ++nats) std::printf(" %d nats |", nats);
  std::printf("\n|---|");
  for (int nats = 3; nats <= 20; ++nats) std::printf("---|");
  std::printf("\n| promised |");
  for (int nats = 3; nats <= 20; ++nats) std::printf(" %.2g |", std::exp(nats));
  for (const auto& [signal, climbs] : all) {
    std::printf("\n| %s |", signal.c_str());
    for (std::size_t nats = 3; nats <= 20; ++nats)
      if (climbs[nats] == 0)
        std::printf(" none |");
      else
        std::printf(" %.2g |", seconds / climbs[nats]);
  }
  std::printf("\n");
}

}  // namespace
}  // namespace fanfare::sim

int main(int count, char** words) {
  using namespace fanfare::sim;
  Flags flags;
  for (int i = 1; i < count; ++i) {
    const std::string flag = words[i];
    const std::string value = i + 1 < count ? words[i + 1] : "";
    if (flag == "--why") {
      flags.why = true;
      continue;
    }
    ++i;
    if (flag == "--table")
      flags.table = value;
    else if (flag == "--only")
      flags.only = value;
    else if (flag == "--seeds")
      flags.seeds = static_cast<unsigned>(std::atoi(value.c_str()));
    else if (flag == "--lives")
      flags.lives = static_cast<unsigned>(std::atoi(value.c_str()));
    else if (flag == "--first-seed")
      flags.first_seed = static_cast<unsigned>(std::atoi(value.c_str()));
    else if (flag == "--hours")
      flags.hours = std::atof(value.c_str());
    else if (flag == "--edition") {
      flags.first = value != "2";
      flags.second = value != "1";
    } else {
      std::fprintf(
          stderr,
          "usage: sim_tables [--table faults|others|ends|innocent|climbs|all] [--edition 1|2|both] "
          "[--seeds N] [--lives N] [--first-seed N] [--hours H] [--only REGEX] [--why]\n");
      return 2;
    }
  }
  if (flags.table == "faults" || flags.table == "all")
    print_faults("A share of the events lost on one node", share_lost(), flags);
  if (flags.table == "others" || flags.table == "all")
    print_faults("Other faults", other_faults(), flags);
  if (flags.table == "ends" || flags.table == "all") print_ends(flags);
  if (flags.table == "climbs" || flags.table == "all") print_climbs(flags);
  if (flags.table == "innocent" || flags.table == "all") print_innocents(flags);
}
