// SPDX-License-Identifier: Apache-2.0
// Tables as golden text: alignment, what gives way on a narrow terminal, escapes, colour.
#include <gtest/gtest.h>

#include "agent/cli/table.h"

namespace fanfare {
namespace {

Table people() {
  Table table;
  table.columns = {{"NAME"}, {"COUNT", Align::right}, {"NOTE"}};
  table.rows = {{{"alpha"}, {"1"}, {"first"}}, {{"be"}, {"12,345"}, {""}}};
  return table;
}

TEST(CliTable, AlignsAndLeavesNoTrailingBlanks) {
  EXPECT_EQ(render(people(), {}),
            "NAME    COUNT  NOTE\n"
            "alpha       1  first\n"
            "be     12,345\n");
}

TEST(CliTable, GivesWayInTheOrderAsked) {
  Table table = people();
  table.squeezes = {{0, 3}, {2, 0}};
  EXPECT_EQ(render(table, {.columns = 20}), render(people(), {}));  // fits: nothing gives way
  EXPECT_EQ(render(table, {.columns = 19}),
            "NAME   COUNT  NOTE\n"
            "alp…       1  first\n"
            "be    12,345\n");
  EXPECT_EQ(render(table, {.columns = 17}),
            "NAME    COUNT\n"
            "alpha       1\n"
            "be     12,345\n");  // the name takes back what the dropped note had
  EXPECT_EQ(render(table, {.columns = 12}),
            "NAME   COUNT\n"
            "alp…       1\n"
            "be    12,345\n");
}

TEST(CliTable, APipeIsNeverCut) {
  Table table = people();
  table.rows[0][0].text = std::string(500, 'x');
  table.squeezes = {{0, 3}, {2, 0}};
  EXPECT_NE(render(table, {.columns = 0}).find(std::string(500, 'x')), std::string::npos);
}

TEST(CliTable, WideCharactersAndEscapesKeepTheColumns) {
  Table table;
  table.columns = {{"NAME"}, {"N", Align::right}};
  table.rows = {{{"東京"}, {"1"}}, {{"\x1b[1m"}, {"2"}}};
  EXPECT_EQ(render(table, {}),
            "NAME     N\n"
            "東京     1\n"
            "\\x1b[1m  2\n");
}

TEST(CliTable, ColourIsAroundTheTextOnly) {
  Table table;
  table.columns = {{"STATE"}, {"N", Align::right}};
  table.rows = {{{"ok", Tone::good}, {"1", Tone::bad}}};
  EXPECT_EQ(render(table, {.columns = 0, .color = true}),
            "STATE  N\n\x1b[32mok\x1b[0m     \x1b[31m1\x1b[0m\n");
  EXPECT_EQ(render(table, {}), "STATE  N\nok     1\n");
}

TEST(CliTable, AShortRowIsFilledUp) {
  Table table = people();
  table.rows = {{{"only"}}};
  EXPECT_EQ(render(table, {}), "NAME  COUNT  NOTE\nonly\n");
}

}  // namespace
}  // namespace fanfare
