// SPDX-License-Identifier: Apache-2.0
// State and size -> lines: what stands where, what gives way, and that nothing is ever wider or
// higher than the screen.
#include "agent/cli/top_layout.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "agent/cli/escape.h"
#include "tests/unit/sample_top.h"

namespace fanfare::top {
namespace {

using namespace sample;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<Bar> bars(std::int64_t newest, const std::vector<double>& values) {
  std::vector<Bar> made;
  for (std::size_t i = 0; i < values.size(); ++i)
    made.push_back({newest - 5 * static_cast<std::int64_t>(values.size() - 1 - i), values[i], 0});
  return made;
}

std::string plot(const std::vector<Bar>& given, std::int64_t newest, std::size_t cells,
                 bool ascii) {
  return text_of(sparkline(given, newest, 5, cells, ascii));
}

TEST(TopLines, PlotEndsNowAndLeavesBlankWhatIsNotKnown) {
  EXPECT_EQ(plot(bars(1000, {0, 10, 5, 1, 10}), 1000, 180, false), std::string(175, ' ') + "▁█▅▂█");
  EXPECT_EQ(plot(bars(1000, {0, 10, 5, 1, 10}), 1000, 180, true), std::string(175, ' ') + "_#=.#");
  EXPECT_EQ(plot(bars(990, {8}), 1000, 180, true), std::string(177, ' ') + "#  ") << "gone since";
  EXPECT_EQ(plot({}, 1000, 10, true), "          ");
  EXPECT_EQ(plot(bars(1000, {0, 0}), 1000, 180, true), std::string(178, ' ') + "__");
  EXPECT_EQ(plot(bars(2000, {7}), 1000, 4, true), "    ") << "a clock that went back";
}

TEST(TopLines, PlotTakesTheMeanOfACell) {
  std::vector<double> values(180, 2);
  std::fill(values.begin() + 90, values.end(), 4);
  EXPECT_EQ(plot(bars(1000, values), 1000, 4, true), "==##");
  values[0] = 1000;
  EXPECT_EQ(plot(bars(1000, values), 1000, 4, true), "#...");
  EXPECT_EQ(display_width(plot(bars(1000, values), 1000, 400, true)), 400U) << "wider than steps";
}

TEST(TopLines, PlotIsRedWhereAnAlertFired) {
  std::vector<Bar> given = bars(1000, {5, 5, 5});
  given[1].firing = 1;
  const Line line = sparkline(given, 1000, 5, 180, true);
  ASSERT_EQ(line.size(), 3U);
  EXPECT_EQ(line[1].text, "#");
  EXPECT_EQ(line[1].style.tone, Tone::bad);
}

TEST(TopLines, FittedCutsAndFills) {
  const Line line{{"abc"}, {"déf", {.bold = true}}};
  EXPECT_EQ(text_of(fitted(line, 4, false)), "abc…");
  EXPECT_EQ(text_of(fitted(line, 6, false)), "abcdéf");
  EXPECT_EQ(text_of(fitted(line, 8, true)), "abcdéf  ");
  EXPECT_EQ(text_of(fitted(line, 0, true)), "");
}

TEST(TopLines, AsciiKeepsTheCells) { EXPECT_EQ(ascii_text("a…é漢\xff"), "a~?\?\?\?"); }

TEST(TopLayout, ShardsAtEightyColumns) {
  Answer given = answer();
  given.past = Past{.now = 1000, .shards = {{"eu", bars(1000, {8, 8, 2})}}};
  const auto shown = lines(state(given), {.ascii = true, .now = 100});
  ASSERT_EQ(shown.size(), 24U);
  EXPECT_EQ(shown[0], "fanfare 0.1.0  host-a  ready  2 alerts fire  scraped 4.0 s ago");
  EXPECT_EQ(shown[1], "shards  3");
  EXPECT_EQ(shown[2],
            "  SHARD  SOCKETS  COVERAGE  OUT/S  IN/S  PROPAGATIONv        EVIDENCE  15 MIN");
  EXPECT_EQ(shown[3],
            "!>eu          10  100.00 %   10.0   0.0  reach 0.31 of 0.99      35.2          #");
  EXPECT_THAT(shown[4], StartsWith("  asia "));
  EXPECT_THAT(shown[5], StartsWith("  us     "));
  EXPECT_EQ(shown[21], "! FanfareReachLoss  eu, 42 s: Clients miss messages.");
  EXPECT_EQ(shown[22], "! FanfareCopiesLoss  eu, 42 s: Clients miss messages.");
  EXPECT_THAT(shown[23], StartsWith("Enter open  a alerts"));
}

TEST(TopLayout, NothingIsWiderOrHigherThanTheScreen) {
  Answer given = answer();
  given.shards[0].name = std::string(200, 'x');
  given.shards[2].name = "漢字漢字漢字漢字漢字";
  given.past = Past{.now = 1000, .shards = {{"eu", bars(1000, {1, 2, 3})}}};
  given.opened = "eu";
  for (int i = 0; i < 50; ++i)
    given.sockets.push_back(socket(i, "[2001:db8:1:2:3:4:5:6]:" + std::to_string(50000 + i), i));
  given.peers = {{.name = "node-b", .address = "10.0.0.2"}};
  const State shards_screen = state(given);
  const State sockets_screen = answered(opened(state(given), "eu"), given);
  const std::vector<State> screens_shown{shards_screen,
                                         press(shards_screen, "a"),
                                         press(shards_screen, "?"),
                                         press(shards_screen, "/abc"),
                                         press(shards_screen, "pt"),
                                         failed(shards_screen, std::string(300, 'e'), 1),
                                         sockets_screen,
                                         press(sockets_screen, Key::tab),
                                         State{}};
  for (const std::size_t columns : {1, 2, 5, 10, 20, 40, 60, 79, 80, 81, 100, 132, 250}) {
    for (const std::size_t rows : {1, 2, 3, 4, 5, 6, 10, 14, 24, 60}) {
      for (const State& shown : screens_shown) {
        const auto made = layout(resized(shown, {rows, columns}), {.now = 100});
        EXPECT_EQ(made.size(), rows);
        for (const Line& line : made) EXPECT_LE(width_of(line), columns) << text_of(line);
      }
    }
  }
}

TEST(TopLayout, NarrowKeepsWhatAlarms) {
  const auto shown = lines(resized(state(), {10, 40}), {.ascii = true, .now = 100});
  ASSERT_EQ(shown.size(), 10U);
  EXPECT_THAT(shown[0], HasSubstr("2 alerts fire"));
  EXPECT_THAT(shown[3], HasSubstr("eu"));
  EXPECT_THAT(shown[3], HasSubstr("reach 0.31 of 0.99"));
  EXPECT_EQ(shown[9], "Enter open  a alerts  ? help  q quit");
}

TEST(TopLayout, TheChosenRowIsReversedAndMarkedToTheEnd) {
  const auto made = layout(state(), {.now = 100});
  for (const Span& span : made[3]) EXPECT_TRUE(span.style.reverse) << span.text;
  EXPECT_EQ(width_of(made[3]), 80U);
  for (const Span& span : made[4]) EXPECT_FALSE(span.style.reverse) << span.text;
  EXPECT_TRUE(text_of(made[3]).starts_with("!>"));
}

TEST(TopLayout, ColoursFollowTheFigures) {
  const auto made = layout(state(), {.now = 100});
  const auto tone = [&](std::size_t line, const std::string& text) {
    for (const Span& span : made.at(line))
      if (span.text == text) return span.style.tone;
    ADD_FAILURE() << text;
    return Tone::plain;
  };
  EXPECT_EQ(tone(3, "reach 0.31 of 0.99"), Tone::bad);
  EXPECT_EQ(tone(3, "35.2"), Tone::bad);
  EXPECT_EQ(tone(4, "reach 0.98 of 0.99"), Tone::good);
  EXPECT_EQ(tone(0, "2 alerts fire"), Tone::bad);
  EXPECT_EQ(tone(0, "ready"), Tone::good);
}

TEST(TopLayout, AnAgentThatIsGoneIsSaidAndTheRestIsGrey) {
  const auto made = layout(failed(state(), "no agent at /x\x1b[31m", 90), {.now = 100});
  EXPECT_EQ(text_of(made[1]), "NO ANSWER for 10 s, trying again: no agent at /x\\x1b[31m");
  EXPECT_EQ(made[1].front().style.tone, Tone::bad);
  for (const std::size_t i : {0, 2, 3, 4})
    for (const Span& span : made[i]) EXPECT_TRUE(span.style.dim) << span.text;
}

TEST(TopLayout, NamesFromTheWireAreEscaped) {
  Answer given = answer();
  given.node = "ho\x1b[2Jst";
  given.shards[1].name = "e\x1b[31mu";
  given.alerts[0].why = "wh\x07y";
  const std::string whole = screen(state(given)) + screen(press(state(given), "a"));
  EXPECT_EQ(whole.find('\x1b'), std::string::npos);
  EXPECT_EQ(whole.find('\x07'), std::string::npos);
  EXPECT_THAT(whole, HasSubstr("e\\x1b[31mu"));
  Answer opened_answer = with_sockets("eu", {socket(1, "a", 1)});
  opened_answer.sockets[0].comm = "ch\x1b]0;at";
  EXPECT_THAT(screen(answered(opened(state(), "eu"), opened_answer)), HasSubstr("ch\\x1b]0;at"));
}

TEST(TopLayout, AlertsSayWhyAndWhatNext) {
  const std::string shown = screen(press(state(), "a"));
  EXPECT_THAT(shown,
              HasSubstr("\nwhy: 0.31 of the due events reached a client.\nnext: Roll back."));
  EXPECT_THAT(shown, HasSubstr("alerts and findings  2"));
  Answer calm = answer();
  calm.alerts.clear();
  EXPECT_THAT(screen(press(state(calm), "a")), HasSubstr("no alert, no finding"));
}

TEST(TopLayout, SocketsShowWhatTheyAreOf) {
  State s = opened(state(), "eu");
  EXPECT_THAT(screen(s), HasSubstr("asking"));
  s = answered(s, with_sockets("eu", {socket(7, "203.0.113.7:50123", 1234)}));
  EXPECT_THAT(screen(s), HasSubstr("eu > sockets  1\ncover 100.00 %  out 10.0/s  in 0.0/s  "
                                   "reach 0.31 of 0.99  evidence 35.2/20.2"));
  EXPECT_THAT(screen(s), HasSubstr(" >203.0.113.7:50123  client  synced"));
  EXPECT_THAT(screen(press(s, "t")), HasSubstr("1,234"));
  EXPECT_THAT(screen(press(s, Key::tab)), HasSubstr("no peer: no replication is configured"));
  EXPECT_THAT(screen(opened(state(), "nobody")), HasSubstr("knows no shard of this name"));
}

TEST(TopLayout, PeersBesideTheirRatio) {
  Answer given = with_sockets("eu", {});
  given.shards[1].peers = {{"node-b", 0.5, 0.999, {30, 20.2}}};
  given.peers = {{.name = "node-b", .address = "10.0.0.2", .synced = 1, .behind = 70},
                 {.name = "node-c", .address = "10.0.0.3", .stalled_seconds = 12}};
  const std::string shown = screen(press(answered(opened(state(), "eu"), given), Key::tab));
  EXPECT_THAT(shown, HasSubstr("eu > peers  2"));
  EXPECT_THAT(shown, HasSubstr("      70        -  0.50 of 0.99      30.0"));
  EXPECT_THAT(shown, HasSubstr("   12 s"));
}

TEST(TopLayout, ALongListShowsWhereOneIs) {
  Answer given = answer();
  given.alerts.clear();
  for (int i = 0; i < 100; ++i) given.shards.push_back(shard("z" + std::to_string(100 + i), i));
  State s = sorted(state(given), "shard");
  EXPECT_THAT(screen(s), HasSubstr("shards  1-20 of 103"));
  s = press(s, Key::end);
  EXPECT_THAT(screen(s), HasSubstr("shards  84-103 of 103"));
  EXPECT_THAT(screen(s), HasSubstr(" >z199"));
}

TEST(TopLayout, PausedAndFilteredAreSaid) {
  EXPECT_THAT(screen(press(state(), "p"), {.now = 112}), HasSubstr("shards  3  PAUSED 12 s"));
  State s = press(state(), "/us");
  EXPECT_THAT(screen(s), HasSubstr("\nfilter: us   Enter keeps, Esc clears"));
  s = press(s, Key::enter);
  EXPECT_THAT(screen(s), HasSubstr("shards  1  filter: us"));
  EXPECT_THAT(screen(press(press(s, "/x"), Key::enter)), HasSubstr("nothing matches the filter"));
}

TEST(TopLayout, HelpScrolls) {
  const State s = resized(press(state(), "?"), {8, 40});
  EXPECT_THAT(screen(s), HasSubstr("\nup down j k "));
  EXPECT_THAT(screen(press(s, "jjjjjjjjjjjjjjjjjjjjjjjjjjjjj")), HasSubstr("not known\n"));
}

TEST(TopLayout, OneScreenHasEveryRowAndReason) {
  Answer given = answer();
  for (int i = 0; i < 50; ++i) given.shards.push_back(shard("z" + std::to_string(100 + i), i));
  std::string text;
  for (const Line& line : plain_screen(state(given), 80, {.ascii = true, .now = 100}))
    text += text_of(line) + "\n";
  EXPECT_THAT(text, HasSubstr("\n! eu  "));
  EXPECT_THAT(text, HasSubstr("\n  z149 "));
  EXPECT_THAT(text, HasSubstr("\ncritical FanfareReachLoss  eu\nClients miss messages.\n"));
  EXPECT_THAT(text, Not(HasSubstr("q quit")));
  EXPECT_THAT(text, Not(HasSubstr("!>")));
}

}  // namespace
}  // namespace fanfare::top
