// SPDX-License-Identifier: Apache-2.0
// `fanfare judge`: from counts to what would have fired.
#include "agent/backtest/judge_command.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>
#include <vector>

#include "agent/replay/bad_file.h"

namespace fanfare {
namespace {

using ::testing::HasSubstr;

// Twenty events a second in twenty rooms of five; from `bad_from` on two of three reach nobody.
std::string counts(int from, int to, int bad_from) {
  std::string text;
  for (int t = from; t < to; ++t) {
    std::string events;
    for (int room = 0; room < 20; ++room) {
      const bool lost = t >= bad_from && (t * 20 + room) % 3 != 0;
      const int first = 100 + room * 5;
      events += fmt::format(
          R"({}{{"room":"r{}","origin":"remote","copies":{},"lag":{},"to":[{}]}})", room ? "," : "",
          room, lost ? 0 : 5, lost ? "null" : "0.02",
          lost ? "" : fmt::format("{},{},{},{}", first, first + 1, first + 2, first + 3));
    }
    text += fmt::format(R"({{"t":{},"shard":"chat","sockets":{{"synced":100}},"events":[{}]}})", t,
                        events) +
            "\n";
  }
  return text;
}

struct Ran {
  int code = 0;
  std::vector<boost::json::object> lines;
  std::string text;
};

Ran judge(const std::string& input, Output output = Output::json) {
  std::istringstream in(input);
  std::ostringstream out;
  Ran ran;
  ran.code = run_judge({.file = "-", .config = {}, .output = output}, {}, in, out);
  ran.text = out.str();
  if (output != Output::json) return ran;
  std::istringstream lines(ran.text);
  for (std::string line; std::getline(lines, line);)
    ran.lines.push_back(boost::json::parse(line).as_object());
  return ran;
}

TEST(JudgeCommand, NothingFiresOverHealth) {
  const auto ran = judge(counts(0, 300, 1000));
  EXPECT_EQ(ran.code, exit_fine);
  ASSERT_EQ(ran.lines.size(), 1u);
  EXPECT_EQ(ran.lines[0].at("end"), true);
  EXPECT_EQ(ran.lines[0].at("t").to_number<double>(), 299);
  const auto& reach = ran.lines[0].at("shards").at("chat").at("reach").as_object();
  EXPECT_EQ(reach.at("ratio").to_number<double>(), 1);
  EXPECT_EQ(reach.at("evidence").to_number<double>(), 0);
  EXPECT_TRUE(reach.at("unknown").is_null());
  EXPECT_THAT(judge(counts(0, 300, 1000), Output::table).text,
              HasSubstr("Nothing would have fired until 299 s."));
}

TEST(JudgeCommand, AnOutageFiresAndItsEndIsTold) {
  const auto ran = judge(counts(0, 100, 60) + counts(100, 400, 1000));
  EXPECT_EQ(ran.code, exit_finding);
  ASSERT_GE(ran.lines.size(), 3u);
  const auto& fired = ran.lines[0];
  EXPECT_EQ(fired.at("alert"), "FanfareReachLoss");
  EXPECT_EQ(fired.at("severity"), "critical");
  EXPECT_EQ(fired.at("state"), "firing");
  EXPECT_EQ(fired.at("shard"), "chat");
  EXPECT_TRUE(fired.at("peer").is_null());
  EXPECT_GE(fired.at("t").to_number<double>(), 60);
  EXPECT_LE(fired.at("t").to_number<double>(), 63);
  EXPECT_THAT(std::string(fired.at("why").as_string()), HasSubstr("whose room had readers here"));
  EXPECT_EQ(ran.lines[1].at("state"), "resolved");
}

TEST(JudgeCommand, AStateThatIsLostFiresAnew) {
  const std::string lost = R"({"t":100,"restart":"state lost"})";
  const std::string kept = R"({"t":100,"restart":"state kept"})";
  const auto after = counts(101, 200, 0);
  const auto told = [&](const std::string& restart) {
    std::vector<double> times;
    for (const auto& line : judge(counts(0, 100, 60) + restart + "\n" + after).lines)
      if (line.contains("alert") && line.at("alert") == "FanfareReachLoss" &&
          line.at("state") == "firing")
        times.push_back(line.at("t").to_number<double>());
    return times;
  };
  EXPECT_EQ(told(kept).size(), 1u);
  const auto times = told(lost);
  ASSERT_EQ(times.size(), 2u);
  EXPECT_LE(times[1], 160);
}

TEST(JudgeCommand, RefusesWhatIsInNoOrder) {
  const auto line = [](int t, const char* shard) {
    return fmt::format(R"({{"t":{},"shard":"{}","due":{{"remote":1}}}})", t, shard) + "\n";
  };
  const auto refusal = [](const std::string& input) -> std::string {
    try {
      judge(input);
    } catch (const BadFile& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refusal(line(5, "a") + line(4, "a")),
            "standard input:2: t goes back from 5 to 4: sort the lines by time");
  EXPECT_EQ(refusal(line(5, "a") + line(5, "b") + line(5, "a")),
            "standard input:3: shard a stands twice at t 5");
  EXPECT_EQ(refusal(line(5, "a") + "\n\n" + line(6, "a")), "taken");
}

}  // namespace
}  // namespace fanfare
