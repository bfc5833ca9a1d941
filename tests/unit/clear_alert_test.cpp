// SPDX-License-Identifier: Apache-2.0
// `fanfare alerts clear`: the words at the shell, and the request behind them.
#include "agent/exports/clear_alert.h"

#include <gmock/gmock.h>

#include "tests/unit/cli_run.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;
using cli_test::run;
using cli_test::run_against;
using ::testing::HasSubstr;

struct Cleared {
  std::string name, shard;
  unsigned int uid = 0;
};

std::optional<Response> post(const std::string& target, Cleared& asked,
                             http::verb verb = http::verb::post) {
  const ClearAlert clear = [&](const std::string& name, const std::string& shard,
                               unsigned int uid) -> std::size_t {
    asked = {name, shard, uid};
    return 2;
  };
  return respond_to_clear(Request(verb, target, 11), clear, 1000);
}

TEST(ClearAlert, EndsWhatIsNamed) {
  Cleared asked;
  const auto answer = post(
      "/api/v1/alerts/clear?alertname=FanfareReachLoss&shard=gunicorn%20chat%3Aapp%3A80", asked);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->result(), http::status::ok);
  EXPECT_EQ(answer->body(), "{\"cleared\":2}\n");
  EXPECT_EQ(asked.name, "FanfareReachLoss");
  EXPECT_EQ(asked.shard, "gunicorn chat:app:80");
  EXPECT_EQ(asked.uid, 1000U);
}

TEST(ClearAlert, AGetChangesNothingNorDoesHalfAName) {
  Cleared asked;
  const std::string target = "/api/v1/alerts/clear?alertname=A&shard=s";
  EXPECT_EQ(post(target, asked, http::verb::get)->result(), http::status::method_not_allowed);
  EXPECT_EQ(post("/api/v1/alerts/clear?alertname=A", asked)->result(), http::status::bad_request);
  EXPECT_EQ(post(target + "&shard=t", asked)->result(), http::status::bad_request);
  EXPECT_FALSE(post("/api/v1/alerts", asked));
  EXPECT_EQ(asked.name, "");
}

TEST(ClearAlert, AtTheShell) {
  const cli_test::Words words{"alerts", "clear", "FanfareReachLoss", "--shard", "eu"};
  const auto done = run_against("{\"cleared\":1}\n", words);
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("FanfareReachLoss of shard eu is cleared"));
  const auto none = run_against("{\"cleared\":0}\n", words);
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no FanfareReachLoss fires for shard \"eu\""));
  EXPECT_EQ(run({"alerts", "clear", "FanfareReachLoss"}).code, 2);
  EXPECT_EQ(run({"alerts", "clear", "--shard", "eu"}).code, 2);
  EXPECT_EQ(run({"alerts", "clear", "A", "--shard", "eu", "--admin", "/nowhere/at/all"}).code, 3);
}

}  // namespace
}  // namespace fanfare
