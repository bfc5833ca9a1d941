// SPDX-License-Identifier: Apache-2.0
// What is said of sockets that are open and not followed: their rows, the shard's figures, and what
// an operator is told.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "agent/exports/findings.h"
#include "agent/exports/json.h"
#include "agent/exports/metrics.h"
#include "agent/exports/sockets_json.h"
#include "agent/ratios/coverage.h"
#include "tests/unit/sample_view.h"

namespace fanfare {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct DarkRow {
  fanfare_dark_reason reason = FANFARE_DARK_NO_ROOM;
  fanfare_spoke spoke = FANFARE_IS_CLIENTS;
};

// The sample's shard with these beside its one client.
View with_dark(const std::vector<DarkRow>& rows, std::uint64_t synced = 1) {
  View view = sample::view();
  auto snapshot = sample::snapshot();
  auto& shard = view.shards[0].shard;
  shard.sockets_synced = synced;
  for (const auto& row : rows) {
    auto& dark = snapshot->dark.emplace_back(DarkSocket{.cookie = 2000 + snapshot->dark.size()});
    dark.socket.cgroup_id = 42;
    sample::set_address(dark.socket.local, {192, 0, 2, 1});
    sample::set_address(dark.socket.remote, {203, 0, 113, 78});
    dark.socket.netns = 4026531840;
    dark.socket.local_port = 8080;
    dark.socket.remote_port = 50002;
    dark.socket.reason = static_cast<std::uint8_t>(row.reason);
    dark.socket.spoke = static_cast<std::uint8_t>(row.spoke);
    view.dark_shard_of.push_back(0);
    ++shard.dark_by_reason.at(row.reason);
    shard.dark_silent += row.spoke == FANFARE_SILENT;
  }
  view.shards[0].coverage = coverage(shard);
  view.snapshot = snapshot;
  return view;
}

json::array rows_of(const View& view, const SocketFilter& filter = {}) {
  return json::parse(sockets_json(view, sample::now, filter)).as_array();
}

// The same keys as of one that is followed: what is not known is null, and never 0.
TEST(DarkExports, ARowKnowsWhoseItIsAndNothingElse) {
  const auto rows = rows_of(with_dark({{}}));
  ASSERT_EQ(rows.size(), 2U);
  json::object wanted;
  for (const auto& figure : rows[0].as_object()) wanted[figure.key()] = nullptr;
  const json::object known = {{"cookie", 2000},
                              {"shard", "chat"},
                              {"role", "client"},
                              {"hop", "edge"},
                              {"protocol", "websocket"},
                              {"local", "192.0.2.1:8080"},
                              {"remote", "203.0.113.78:50002"},
                              {"netns", 4026531840},
                              {"cgroup", "/chat"},
                              {"state", "dark"},
                              {"reason", "no_room"}};
  for (const auto& figure : known) wanted[figure.key()] = figure.value();
  EXPECT_EQ(rows[1].as_object(), wanted);
}

TEST(DarkExports, ARowHasItsOwnerWhereHeIsKnown) {
  View view = with_dark({{}});
  auto snapshot = std::make_shared<Snapshot>(*view.snapshot);
  auto owners = std::make_shared<Owners>(*snapshot->owners);
  Owner& owner = owners->by_cookie[2000];
  owner.pid = 321;
  owner.comm = "chatd";
  owner.srtt_us = 90;
  owner.unsent_bytes = 7;
  snapshot->owners = owners;
  view.snapshot = snapshot;
  const auto row = rows_of(view).at(1).as_object();
  EXPECT_EQ(row.at("pid"), 321);
  EXPECT_EQ(row.at("comm"), "chatd");
  EXPECT_EQ(row.at("unsent_bytes"), 7);
  EXPECT_EQ(row.at("srtt_us"), 90);
}

TEST(DarkExports, EachReasonHasItsName) {
  const auto rows = rows_of(with_dark({{FANFARE_DARK_NO_ROOM},
                                       {FANFARE_DARK_OLDER},
                                       {FANFARE_DARK_MPTCP},
                                       {FANFARE_DARK_RESTORED},
                                       {FANFARE_DARK_GIVEN_UP}}));
  std::vector<std::string> reasons;
  for (const auto& row : rows)
    if (row.at("state") == "dark") reasons.emplace_back(row.at("reason").as_string());
  EXPECT_THAT(reasons, ElementsAre("no_room", "older_no_room", "mptcp", "restored", "given_up"));
}

TEST(DarkExports, RowsAreOfTheirShardAlone) {
  View view = with_dark({{}, {}, {}});
  view.shards.push_back(sample::shard("news"));
  view.dark_shard_of = {0, 1, no_shard};
  EXPECT_EQ(rows_of(view).size(), 3U);
  const auto news = rows_of(view, {.shard = "news", .closed = false});
  ASSERT_EQ(news.size(), 1U);
  EXPECT_EQ(news[0].at("cookie"), 2001);
}

// By role and state, without what they have in common.
std::vector<std::string> socket_series(const View& view) {
  std::vector<std::string> found;
  std::istringstream text(metrics_text(view));
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("fanfare_sockets{") || line.starts_with("fanfare_coverage_ratio{")) {
      const auto role = line.find(",role=");
      found.push_back(role == std::string::npos ? line.substr(line.find("} ")) : line.substr(role));
    }
  return found;
}

TEST(DarkExports, EachFigureSaysTheSameShare) {
  const View view = with_dark({{}}, 15);
  EXPECT_THAT(socket_series(view), ElementsAre(R"(,role="client",state="synced"} 15)",
                                               R"(,role="client",state="unsynced"} 0)",
                                               R"(,role="client",state="dark"} 1)", "} 0.9375"));
  const auto shard = json::parse(shards_json(view)).as_array().at(0).as_object();
  const json::object wanted = {{"synced", 15}, {"unsynced", 0}, {"dark", 1}};
  EXPECT_EQ(shard.at("sockets").as_object(), wanted);
  EXPECT_EQ(shard.at("coverage").as_double(), 0.9375);
  EXPECT_THAT(findings(view, sample::now),
              ElementsAre(Finding{
                  "FF-COVERAGE",
                  "Shard chat: 93.8 % of the client sockets are readable; dark: 1 found no room "
                  "(raise limits.sockets).",
                  "See `fanfare sockets` for what is unsynced or dark and why; TLS inside the "
                  "server and sockets older than the agent are the usual causes."}));
}

// Also where most can be read: somebody has to raise a limit.
TEST(DarkExports, FewAreAFindingTooAndEachReasonStandsInIt) {
  const auto found =
      findings(with_dark({{FANFARE_DARK_MPTCP}, {FANFARE_DARK_OLDER}}, 98), sample::now);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text,
            "Shard chat: 98.0 % of the client sockets are readable; dark: 1 older than the agent "
            "found no room (raise limits.sockets), 1 over MPTCP cannot be read "
            "(GODEBUG=multipathtcp=0 ends it in Go's servers).");
}

TEST(DarkExports, ThoseThatNothingHasLeftAreNoFinding) {
  const View view = with_dark({{FANFARE_DARK_OLDER, FANFARE_SILENT}});
  EXPECT_THAT(findings(view, sample::now), IsEmpty());
  EXPECT_THAT(socket_series(view), ElementsAre(R"(,role="client",state="synced"} 1)",
                                               R"(,role="client",state="unsynced"} 0)",
                                               R"(,role="client",state="dark"} 1)", "} 1"));
}

}  // namespace
}  // namespace fanfare
