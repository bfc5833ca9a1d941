// SPDX-License-Identifier: Apache-2.0
// The tables of the README that the code knows better: metrics and losses. On a mismatch the test
// prints what should stand there.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "agent/exports/metrics_catalogue.h"
#include "agent/kernel/loss_text.h"

namespace fanfare {
namespace {

std::string readme() {
  std::ifstream file(FANFARE_SOURCE_DIR "/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// What stands between the line that begins with `<!-- NAME:` and `<!-- NAME end -->`.
std::string section(const std::string& text, const std::string& name) {
  const auto open = text.find("<!-- " + name + ":");
  const auto from = text.find('\n', open);
  const auto to = text.find("<!-- " + name + " end -->");
  if (open == std::string::npos || to == std::string::npos || to < from) return "no such section";
  return text.substr(from + 1, to - from - 1);
}

std::string losses_reference() {
  std::string table = "| reason | counts | what it means and what to do |\n|---|---|---|\n";
  for (const auto& text : loss_texts()) {
    if (text.loss == FANFARE_LOSS_NONE) continue;
    table += "| `" + std::string(text.name) + "` | " + std::string(text.unit) + " | " +
             std::string(text.sentence) + " |\n";
  }
  return table;
}

TEST(Readme, MetricsAreThoseOfTheCatalogue) {
  EXPECT_EQ(section(readme(), "metrics"), metrics_reference());
}

TEST(Readme, LossesAreThoseOfTheAbi) { EXPECT_EQ(section(readme(), "losses"), losses_reference()); }

}  // namespace
}  // namespace fanfare
