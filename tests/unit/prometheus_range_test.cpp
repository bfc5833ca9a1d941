// SPDX-License-Identifier: Apache-2.0
// From a range query's answer to the lines that `fanfare judge` reads.
#include "agent/backtest/prometheus_range.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

using ::testing::ElementsAre;

std::string series(const std::string& name, const std::string& labels, const std::string& values) {
  return fmt::format(
      R"({{"metric":{{"__name__":"fanfare_{}","shard":"chat","node":"a"{}}},"values":[{}]}})", name,
      labels, values);
}

std::string answer(const std::string& all) {
  return fmt::format(R"({{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}})",
                     all);
}

std::string refusal(const std::string& text) {
  try {
    lines_from_prometheus(text, "range.json");
  } catch (const BadFile& error) {
    return error.what();
  }
  return "taken";
}

TEST(PrometheusRange, CountersBecomeWhatTheyHaveGrownBy) {
  const auto lines = lines_from_prometheus(
      answer(
          series("events_due_total", R"(,"origin":"remote")",
                 R"([100,"10"],[115,"40"],[130,"45"])") +
          "," + series("events_due_total", R"(,"origin":"local")", R"([100,"1"],[115,"3"])") + "," +
          series("events_reached_total", R"(,"origin":"remote")", R"([100,"9"],[115,"38"])") + "," +
          series("sockets", R"(,"role":"client","state":"synced")", R"([100,"7"],[115,"8"])") +
          "," +
          series("sockets", R"(,"role":"replication","state":"synced")", R"([100,"7"],[115,"8"])") +
          "," + series("messages_acked_total", R"(,"class":"other")", R"([100,"7"],[115,"8"])")),
      "f");
  EXPECT_THAT(lines, ElementsAre(R"({"t":0,"shard":"chat","span":15,"due":{"remote":30,"local":2},)"
                                 R"("reached":{"remote":29},"sockets":{"synced":8}})",
                                 R"({"t":15,"shard":"chat","span":15,"due":{"remote":5}})"));
}

TEST(PrometheusRange, ACounterThatFallsBeganAnew) {
  EXPECT_THAT(
      lines_from_prometheus(answer(series("event_copies_total", "", R"([0,"100"],[15,"4"])")), "f"),
      ElementsAre(R"({"t":0,"shard":"chat","span":15,"copies":4})"));
}

TEST(PrometheusRange, RefusesWhatIsNoSuchAnswer) {
  EXPECT_EQ(refusal("{}"), "range.json: not the answer of a range query (api/v1/query_range)");
  EXPECT_EQ(refusal("no"),
            "range.json: not the answer of a range query (api/v1/query_range): syntax error");
  EXPECT_EQ(refusal(answer("")),
            "range.json: no counter of fanfare with two samples is in it; README.md has the query");
  auto other = series("event_copies_total", "", R"([0,"1"],[15,"4"])");
  other.replace(other.find("\"node\":\"a\""), 10, "\"node\":\"b\"");
  EXPECT_EQ(refusal(answer(series("event_copies_total", "", R"([0,"1"],[15,"4"])") + "," + other)),
            "range.json: series of 2 nodes: ask for one, node=\"a\"");
}

}  // namespace
}  // namespace fanfare
