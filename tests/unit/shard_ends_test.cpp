// SPDX-License-Identifier: Apache-2.0
// Shards from their first name to their end, with injected time: what was counted before a name was
// known, and what is left of servers that come and go.
#include <gmock/gmock.h>

#include <sstream>
#include <string>

#include "agent/exports/findings.h"
#include "agent/exports/metrics.h"
#include "agent/pipeline.h"
#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::SnapshotBuilder;

std::vector<std::string> names(const Model& model) {
  std::vector<std::string> found;
  for (const auto& shard : model.shards) found.push_back(shard.name);
  return found;
}

const Shard& shard_of(const Model& model, const std::string& name) {
  static const Shard none;
  for (const auto& shard : model.shards)
    if (shard.name == name) return shard;
  return none;
}

std::uint64_t events_out(const Shard& shard) { return shard.out.messages[FANFARE_EVENT]; }

// Ten of them are open, three have closed, and nobody knows who listens.
SnapshotBuilder strangers(std::chrono::seconds at, std::uint64_t events) {
  SnapshotBuilder builder;
  builder.at(at);
  for (std::uint64_t i = 1; i <= 10; ++i) builder.flow({.cookie = i, .events_out = events});
  for (std::uint64_t i = 11; i <= 13; ++i)
    builder.flow({.cookie = i, .events_out = 2, .life = FANFARE_CLOSED});
  return builder;
}

TEST(ShardEnds, WhatWasCountedBeforeTheNameWasKnownMovesWithAllItsFigures) {
  Ledger ledger({}, 100);
  Model model;
  for (int second = 1; second <= 8; ++second)
    model = ledger.advance(strangers(std::chrono::seconds(second), 5).build());
  const auto before = shard_of(model, "unknown:8080");
  ASSERT_EQ(events_out(before), 56U);

  model = ledger.advance(strangers(9s, 7).listener(8080, "chatd").build());
  EXPECT_THAT(names(model), ElementsAre("chatd:8080"));
  const auto& after = model.shards.at(0);
  EXPECT_EQ(events_out(after), 76U);
  EXPECT_EQ(after.sockets_opened, 13U);
  EXPECT_EQ(after.closed_by_local + after.closed_by_peer + after.closed_by_timeout, 3U);
  EXPECT_EQ(after.sockets_synced, 10U);
  Ledger knowing({}, 100);
  for (int second = 1; second <= 8; ++second)
    knowing.advance(strangers(std::chrono::seconds(second), 5).listener(8080, "chatd").build());
  const auto wanted =
      knowing.advance(strangers(9s, 7).listener(8080, "chatd").build()).shards.at(0);
  EXPECT_EQ(after.out, wanted.out);
  EXPECT_EQ(after.delivery, wanted.delivery);
  EXPECT_EQ(after.edge_delivery, wanted.edge_delivery);
  ASSERT_EQ(model.ended.size(), 1U);
  EXPECT_EQ(model.ended[0].name, "unknown:8080");
  EXPECT_EQ(model.ended[0].goes_on_as, "chatd:8080");
}

// To one that is there already, by a rule.
TEST(ShardEnds, ItMovesToTheShardOfARule) {
  Ledger ledger(
      {{.name = "chat", .match = {.listen_ports = {}, .cgroup = "", .exe = "/bin/chatd"}}}, 100);
  SnapshotBuilder known;
  known.listener(9000, "chatd", 1, "/bin/chatd")
      .flow({.cookie = 99, .port = 9000, .events_out = 3});
  auto model = ledger.advance(known.build());
  EXPECT_EQ(events_out(shard_of(model, "chat")), 3U);
  for (int second = 1; second <= 8; ++second)
    model = ledger.advance(strangers(std::chrono::seconds(second), 5)
                               .listener(9000, "chatd", 1, "/bin/chatd")
                               .flow({.cookie = 99, .port = 9000, .events_out = 3})
                               .build());
  EXPECT_THAT(names(model), ElementsAre("chat", "unknown:8080"));
  model = ledger.advance(strangers(9s, 5)
                             .listener(9000, "chatd", 1, "/bin/chatd")
                             .listener(8080, "chatd", 1, "/bin/chatd")
                             .flow({.cookie = 99, .port = 9000, .events_out = 3})
                             .build());
  EXPECT_THAT(names(model), ElementsAre("chat"));
  EXPECT_EQ(events_out(model.shards.at(0)), 59U);
}

TEST(ShardEnds, WhoHasListenedUntilLatelyNamesWhatItAccepted) {
  Ledger ledger({}, 100);
  auto snapshot = SnapshotBuilder().flow({.events_out = 4, .life = FANFARE_CLOSED}).build();
  auto owners = std::make_shared<Owners>(*snapshot.owners);
  owners->ended[{1, 8080}] = {.pid = 7, .fd = 0, .comm = "python3", .exe = "/usr/bin/python3"};
  owners->ended[{1, 8080}].program = "gunicorn chat:app";
  snapshot.owners = owners;
  EXPECT_THAT(names(ledger.advance(snapshot)), ElementsAre("gunicorn chat:app:8080"));
}

// systemd listens on its behalf until it has started it.
TEST(ShardEnds, AListenerOnBehalfOfAnotherIsWaitedFor) {
  Ledger ledger({}, 100);
  auto snapshot = SnapshotBuilder().listener(8080, "systemd").flow({.events_out = 4}).build();
  auto owners = std::make_shared<Owners>(*snapshot.owners);
  owners->listeners.at({1, 8080}).certain = false;
  snapshot.owners = owners;
  EXPECT_THAT(names(ledger.advance(snapshot)), IsEmpty());
  const auto model =
      ledger.advance(SnapshotBuilder().listener(8080, "chatd").flow({.events_out = 5}).build());
  EXPECT_THAT(names(model), ElementsAre("chatd:8080"));
  EXPECT_EQ(events_out(model.shards.at(0)), 5U);
}

SnapshotBuilder at(std::chrono::seconds when) { return SnapshotBuilder().at(when); }

TEST(ShardEnds, AShardThatNobodyNamedEndsSomeTimeAfterItsLastSocket) {
  Ledger ledger({{.name = "chat", .match = {.listen_ports = {9000}, .cgroup = "", .exe = ""}}},
                Limits{.shard_idle_seconds = 60});
  const auto both = [](SnapshotBuilder builder) {
    return builder.listener(8080, "a")
        .listener(9000, "b")
        .flow({.cookie = 1, .events_out = 1})
        .flow({.cookie = 2, .port = 9000, .events_out = 1})
        .build();
  };
  EXPECT_THAT(names(ledger.advance(both(at(100s)))), ElementsAre("a:8080", "chat"));
  // Its listener is a socket too.
  auto model = ledger.advance(at(1000s).listener(8080, "a").build());
  EXPECT_THAT(names(model), ElementsAre("a:8080", "chat"));
  model =
      ledger.advance(at(1001s).listener(8080, "a").flow({.cookie = 3, .events_out = 4}).build());
  model = ledger.advance(at(1060s).build());
  EXPECT_THAT(names(model), ElementsAre("a:8080", "chat"));
  EXPECT_EQ(shard_of(model, "a:8080").empty_for, 59s);
  model = ledger.advance(at(1061s).build());
  EXPECT_THAT(names(model), ElementsAre("chat")) << "what is configured stays";
  ASSERT_EQ(model.ended.size(), 1U);
  EXPECT_EQ(model.ended[0].name, "a:8080");
  // Anew, from nothing.
  model = ledger.advance(both(at(1062s)));
  EXPECT_EQ(events_out(shard_of(model, "a:8080")), 1U);
}

TEST(ShardEnds, ConfiguredShardsHaveTheirPlaceWhateverHappens) {
  Ledger ledger({{.name = "chat", .match = {.listen_ports = {9000}, .cgroup = "", .exe = ""}}},
                Limits{.shards = 3, .shard_idle_seconds = 60});
  auto crowd = at(1s);
  for (std::uint16_t port = 8000; port < 8005; ++port)
    crowd.listener(port, "s").flow({.cookie = port, .port = port, .events_out = 1});
  auto model = ledger.advance(crowd.build());
  EXPECT_EQ(model.shards.size(), 3U);  // two of five, and "other"
  EXPECT_EQ(model.shards_over_limit, 3U);
  model = ledger.advance(at(2s).listener(9000, "b").flow({.port = 9000, .events_out = 7}).build());
  EXPECT_EQ(events_out(shard_of(model, "chat")), 7U);
  // Once there is room again nothing is over the limit.
  model = ledger.advance(at(120s).build());
  EXPECT_THAT(names(model), ElementsAre("chat"));
  EXPECT_EQ(model.shards_over_limit, 0U);
}

// ---- the whole way, as a host lives ----

class Host : public Source {
 public:
  Snapshot read(Monotonic now, Wall wall, Snapshot) override {
    auto snapshot = next.build();
    snapshot.taken = now;
    snapshot.wall = wall;
    return snapshot;
  }
  SnapshotBuilder next;
};

struct Life {
  explicit Life(const Config& config) : pipeline(host, config, "1", Wall{}) {}

  // One configured server that writes, and what else there is.
  std::shared_ptr<const View> tick(SnapshotBuilder others = {}) {
    now += 1s;
    ++events;
    host.next = std::move(others);
    host.next.listener(9000, "chatd").flow({.cookie = 1, .port = 9000, .events_out = events});
    return pipeline.tick(now, Wall{now}, Health{}, -1);
  }

  Host host;
  Pipeline pipeline;
  std::chrono::seconds now = 1000s;
  std::uint64_t events = 0;
};

Config one_shard() {
  Config config;
  config.shards = {{.name = "chat", .match = {.listen_ports = {9000}, .cgroup = "", .exe = ""}}};
  return config;
}

// Names and labels of all series, without their values.
std::vector<std::string> series(const View& view) {
  std::vector<std::string> found;
  std::istringstream text(metrics_text(view));
  for (std::string line; std::getline(text, line);)
    if (!line.starts_with('#')) found.push_back(line.substr(0, line.rfind(' ')));
  return found;
}

// Each lives for three seconds: its clients come, get events, and are gone with it. The agent's
// look comes when it listens, or when it is gone already.
TEST(ShardEnds, TwoHundredServersWithinTenMinutesLeaveNothing) {
  Life life(one_shard());
  for (int second = 0; second < 15 * 60; ++second) life.tick();
  const auto before = series(*life.tick());

  std::size_t most = 0;
  for (int i = 0; i < 200; ++i) {
    const auto port = static_cast<std::uint16_t>(10000 + i);
    const std::uint64_t cookie = 1000 + 10 * static_cast<std::uint64_t>(i);
    const auto server = [&](fanfare_life alive) {
      SnapshotBuilder builder;
      builder.listener(port, "python3");
      for (std::uint64_t client = 0; client < 4; ++client)
        builder.flow({.cookie = cookie + client, .port = port, .events_out = 25, .life = alive});
      return builder;
    };
    life.tick(server(FANFARE_LIVE));
    const auto view = life.tick(server(FANFARE_CLOSED));
    life.tick();
    most = std::max(most, view->shards.size());
    std::uint64_t counted = 0;
    for (const auto& shard : view->shards) {
      EXPECT_THAT(shard.shard.name, Not(HasSubstr("unknown")));
      counted += shard.shard.out.messages[FANFARE_EVENT];
    }
    ASSERT_EQ(counted, life.events - 1 + 100 * (static_cast<std::uint64_t>(i) + 1));
  }
  EXPECT_EQ(most, 201U);

  std::shared_ptr<const View> view;
  for (int second = 0; second < 15 * 60; ++second) view = life.tick();
  EXPECT_EQ(series(*view), before);
  EXPECT_THAT(life.pipeline.save(), Not(HasSubstr("python3:"))) << "the state file";
  EXPECT_THAT(view->shards.at(0).shard.name, "chat");
}

TEST(ShardEnds, TheLimitReachedIsAFinding) {
  auto config = one_shard();
  config.limits.shards = 3;
  Life life(config);
  EXPECT_EQ(life.tick()->shards_over_limit, 0U);
  SnapshotBuilder crowd;
  for (std::uint16_t port = 8000; port < 8005; ++port)
    crowd.listener(port, "s").flow({.cookie = port, .port = port, .events_out = 1});
  const auto view = life.tick(crowd);
  const auto found = findings(*view, view->snapshot->taken);
  const auto finding = std::ranges::find(found, std::string("FF-SHARDS"), &Finding::code);
  ASSERT_NE(finding, found.end());
  EXPECT_THAT(finding->text, HasSubstr("3 servers"));
}

}  // namespace
}  // namespace fanfare
