// SPDX-License-Identifier: Apache-2.0
// What is left in memory of servers that come and go, with injected time and through the whole
// pipeline: bytes that are held on the heap, as the program asked for them, and so the same on
// every machine. A program of its own, since it counts for all that is linked with it.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "agent/exports/metrics.h"
#include "agent/pipeline.h"
#include "tests/support/snapshots.h"

namespace {

std::atomic<std::size_t> held_bytes;
// In front of each block stands its size; no more, so that what follows is aligned as it must be.
constexpr std::size_t front = alignof(std::max_align_t);

void* take(std::size_t bytes) {
  auto* block = static_cast<char*>(std::malloc(front + bytes));
  if (!block) throw std::bad_alloc();
  *reinterpret_cast<std::size_t*>(block) = bytes;
  held_bytes.fetch_add(bytes, std::memory_order_relaxed);
  return block + front;
}

void give_back(void* at) noexcept {
  if (!at) return;
  auto* block = static_cast<char*>(at) - front;
  held_bytes.fetch_sub(*reinterpret_cast<std::size_t*>(block), std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

// All that are not for more than the usual alignment: a sanitizer's own would know nothing of ours.
void* operator new(std::size_t bytes) { return take(bytes); }
void* operator new[](std::size_t bytes) { return take(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void operator delete(void* at) noexcept { give_back(at); }
void operator delete[](void* at) noexcept { give_back(at); }
void operator delete(void* at, std::size_t) noexcept { give_back(at); }
void operator delete[](void* at, std::size_t) noexcept { give_back(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { give_back(at); }
void operator delete[](void* at, const std::nothrow_t&) noexcept { give_back(at); }

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using testing::SnapshotBuilder;

constexpr std::uint32_t servers_a_round = 200;
constexpr int seconds_of_rest = 15 * 60;  // until nothing is left of a round
// Between two measurements 600 servers have come and gone. What is left of each is less than the
// smallest thing that could be: two blocks of a deque may be begun or not.
constexpr std::int64_t same_bytes = 2 * 1024;

std::ptrdiff_t lines_in(const std::string& text) { return std::ranges::count(text, '\n'); }

class Host : public Source {
 public:
  Snapshot read(Monotonic now, Wall wall, Snapshot) override {
    auto snapshot = std::move(next);
    next = Snapshot();
    snapshot.taken = now;
    snapshot.wall = wall;
    return snapshot;
  }
  Snapshot next;
};

// Of one server that has begun just now: nothing of it was ever there before.
struct Newcomer {
  std::uint32_t number = 0;  // from 1 on, for ever; 0: nobody
  std::uint16_t port() const { return static_cast<std::uint16_t>(10000 + number % 50000); }
  std::uint32_t netns() const { return 100 + number; }
  std::uint64_t cgroup() const { return 1000 + number; }
  std::uint64_t cookie() const { return 100000 + std::uint64_t{10} * number; }
  std::array<std::uint8_t, 4> address() const {
    return {10, static_cast<std::uint8_t>(1 + (number >> 16)),
            static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  }
};

using Arrival = void (*)(SnapshotBuilder&, const Newcomer&, fanfare_life);

void serve(SnapshotBuilder& builder, const Newcomer& server, fanfare_life life,
           const std::string& exe) {
  builder.cgroup(server.cgroup(), "/run-" + std::to_string(100000 + server.number))
      .listener(server.port(), "server", server.netns(), exe, server.cgroup());
  for (std::uint64_t client = 0; client < 4; ++client)
    builder.flow({.cookie = server.cookie() + client,
                  .port = server.port(),
                  .events_out = 25,
                  .life = life,
                  .netns = server.netns(),
                  .cgroup_id = server.cgroup()});
}

void come_as_a_server(SnapshotBuilder& builder, const Newcomer& server, fanfare_life life) {
  serve(builder, server, life, "/bin/other");
}
void come_as_a_server_of_the_shard(SnapshotBuilder& builder, const Newcomer& server,
                                   fanfare_life life) {
  serve(builder, server, life, "/bin/chatd");
}
void come_as_a_peer(SnapshotBuilder& builder, const Newcomer& peer, fanfare_life life) {
  builder.holder(peer.cookie(), "/bin/chatd")
      .raft({.cookie = peer.cookie(),
             .peer = peer.address(),
             .first = 1,
             .last = 5,
             .answers = 5,
             .confirmed = 5,
             .life = life});
}

Config one_shard() {
  Config config;
  config.limits.shard_idle_seconds = 60;
  config.shards = {
      {.name = "chat", .match = {.listen_ports = {}, .cgroup = "", .exe = "/bin/chatd"}}};
  config.shards[0].replication = Replication{.ports = {7000}, .peers = {{"10.0.0.2", "node-b"}}};
  return config;
}

// Each has an address of its own, and one client without room.
void add_place(Snapshot& snapshot, const Newcomer& server, fanfare_life life) {
  const auto address = server.address();
  for (auto& flow : snapshot.flows) {
    if (flow.netns != server.netns()) continue;
    flow.local[10] = flow.local[11] = 0xff;
    std::ranges::copy(address, flow.local + 12);
  }
  if (life != FANFARE_LIVE) return;
  auto& dark = snapshot.dark.emplace_back(DarkSocket{.cookie = server.cookie() + 9});
  dark.socket.reason = FANFARE_DARK_NO_ROOM;
  dark.socket.spoke = FANFARE_IS_CLIENTS;
  dark.socket.local_port = server.port();
  dark.socket.netns = server.netns();
  dark.socket.cgroup_id = server.cgroup();
}

// A configured shard that writes and leads, and who comes beside it.
class Life {
 public:
  explicit Life(Arrival arrival) : arrival_(arrival), pipeline_(host_, one_shard(), "1", Wall{}) {}

  // Ten minutes in which they come and go, and a quarter of an hour after.
  void round() {
    for (std::uint32_t i = 0; i < servers_a_round; ++i) {
      const Newcomer server{++servers_};
      tick(server, FANFARE_LIVE);
      tick(server, FANFARE_CLOSED);
      tick({}, FANFARE_CLOSED);
    }
    for (int second = 0; second < seconds_of_rest; ++second) tick({}, FANFARE_CLOSED);
  }
  std::string metrics() const { return metrics_text(*view_); }
  const View& view() const { return *view_; }
  std::string state() const { return pipeline_.save(); }

 private:
  void tick(const Newcomer& server, fanfare_life life) {
    now_ += 1s;
    ++events_;
    SnapshotBuilder builder;
    builder.listener(9000, "chatd", 1, "/bin/chatd")
        .flow({.cookie = 1, .port = 9000, .events_out = events_})
        .holder(2, "/bin/chatd")
        .raft({.cookie = 2, .first = 1, .last = events_, .answers = events_, .confirmed = events_});
    if (server.number > 0) arrival_(builder, server, life);
    host_.next = builder.build();
    if (server.number > 0) add_place(host_.next, server, life);
    view_ = pipeline_.tick(now_, Wall{now_}, Health{}, -1);
  }

  Arrival arrival_;
  Host host_;
  Pipeline pipeline_;
  std::shared_ptr<View> view_;
  std::chrono::seconds now_ = 1000s;
  std::uint64_t events_ = 0;
  std::uint32_t servers_ = 0;
};

class FlatMemory : public ::testing::TestWithParam<Arrival> {};

TEST_P(FlatMemory, OfThreeRoundsNothingIsLeft) {
  Life life(GetParam());
  life.round();
  life.round();
  const auto bytes = held_bytes.load();
  const auto series = lines_in(life.metrics());
  const auto state = life.state().size();
  for (int round = 3; round <= 5; ++round) life.round();
  const auto grown = static_cast<std::int64_t>(held_bytes.load() - bytes);
  EXPECT_LT(std::abs(grown), same_bytes) << grown << " bytes more than " << bytes;
  EXPECT_EQ(lines_in(life.metrics()), series);
  EXPECT_LT(life.state().size(), state + same_bytes) << "the state file";
  for (const auto& shard : life.view().shards)
    EXPECT_THAT(shard.shard.name, ::testing::Not(::testing::HasSubstr("unknown")));
}

INSTANTIATE_TEST_SUITE_P(WhoComes, FlatMemory,
                         ::testing::Values(come_as_a_server, come_as_a_server_of_the_shard,
                                           come_as_a_peer));

}  // namespace
}  // namespace fanfare
