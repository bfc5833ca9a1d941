// SPDX-License-Identifier: Apache-2.0
// More sockets than records, and sockets that come and go: the map is never overrun, what does not
// fit has a name, and nothing stays behind.
#include <algorithm>
#include <set>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

class FullMapTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  // Closed records go at the second read after their end.
  void expect_empty_within_3_reads() {
    for (int i = 0; i < 2; ++i) read();
    const auto last = read();
    EXPECT_EQ(last.cookies.size(), 0U);
    EXPECT_EQ(last.maps.at(0).entries, 0U);
    EXPECT_EQ(watched_port(port_of(listener_)), 0U);
  }

  Fd listener_;
};

TEST_F(FullMapTest, sixty_four_records_for_two_hundred_sockets) {
  attach({.sockets = 64});
  for (int i = 0; i < 3; ++i) read();  // the record of the proof of scope goes
  std::vector<Pair> pairs;
  for (int i = 0; i < 200; ++i) pairs.push_back(upgraded_pair(listener_));
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    send_messages(pairs[i].server, i + 1, 20);
    receive(pairs[i].client, (i + 1) * 22);
  }
  const auto snapshot = read();
  EXPECT_EQ(snapshot.cookies.size(), 64U);
  EXPECT_EQ(snapshot.maps.at(0).entries, 64U);
  std::size_t followed = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto at =
        std::find(snapshot.cookies.begin(), snapshot.cookies.end(), cookie_of(pairs[i].server));
    if (at == snapshot.cookies.end()) continue;
    ++followed;
    const auto& record = snapshot.flows[static_cast<std::size_t>(at - snapshot.cookies.begin())];
    EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, i + 1);
  }
  EXPECT_EQ(followed, 64U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 136);

  pairs.clear();
  expect_empty_within_3_reads();
  for (int i = 0; i < 64; ++i) pairs.push_back(upgraded_pair(listener_));
  for (const auto& pair : pairs) {
    send_messages(pair.server, 3, 20);
    EXPECT_EQ(events_out(pair.server), 3U);
  }
}

// Three quarters of the records are for sockets that are searched: the proof of scope finds one.
TEST_F(FullMapTest, adoption_into_a_map_that_is_too_small) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 200; ++i) pairs.push_back(upgraded_pair(listener_));
  attach({.sockets = 64});
  EXPECT_EQ(read().cookies.size(), 48U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 152);
}

TEST_F(FullMapTest, five_thousand_connections_come_and_go) {
  attach({.sockets = 8192});
  for (int i = 0; i < 3; ++i) read();
  std::uint64_t events = 0;
  std::set<std::uint64_t> seen;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 500; ++i) {
      Pair pair = upgraded_pair(listener_);
      send_messages(pair.server, 2, 20);
      receive(pair.client, 2 * 22);
      close_by_reset(std::move(i % 2 ? pair.client : pair.server));
    }
    const auto snapshot = read();
    for (std::size_t i = 0; i < snapshot.cookies.size(); ++i)
      if (seen.insert(snapshot.cookies[i]).second)
        events += snapshot.flows[i].out.tally.by_class[FANFARE_EVENT].messages;
  }
  EXPECT_EQ(seen.size(), 5000U);
  EXPECT_EQ(events, 10000U);
  expect_empty_within_3_reads();
}

// Also what never was WebSocket, in each stage that a record can have.
TEST_F(FullMapTest, churn_of_other_servers) {
  attach({.sockets = 8192});
  for (int i = 0; i < 3; ++i) read();
  for (int i = 0; i < 1000; ++i) {
    Pair pair = connect_pair(listener_);
    if (i % 4 == 1) send_all(pair.server, "220 ready\r\n");
    if (i % 4 == 2) send_all(pair.server, "HTTP/1.1 200 OK\r\n\r\n");
    if (i % 4 == 3) send_all(pair.server, "HTTP/1.1 101 Swit");
    close_by_reset(std::move(i % 2 ? pair.client : pair.server));
  }
  expect_empty_within_3_reads();
}

}  // namespace
}  // namespace fanfare::test
