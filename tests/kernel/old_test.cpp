// SPDX-License-Identifier: Apache-2.0
// Sockets that are older than the agent: unsynced until their frames have been found, then exact.
// And sockets that must never be counted: plain TCP, the clients' ends.
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "tests/kernel/kernel_test.h"
#include "tests/support/dice.h"
#include "tests/support/payloads.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr auto silence = 80ms;  // longer than FANFARE_QUIET_NS

class OldTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  void expect_unsynced(const Fd& socket) {
    EXPECT_EQ(flow(socket).out.stage, FANFARE_STAGE_SEARCH);
    EXPECT_EQ(counts(flow(socket).out), Counts{});
  }

  // A reader that keeps the pipe empty until the writer's end closes.
  std::thread drain(const Fd& client) {
    return std::thread([&client] { received_ = receive_rest(client).size(); });
  }
  static inline std::size_t received_ = 0;

  Fd listener_;
};

TEST_F(OldTest, agent_before_the_connection) {
  attach();
  const Pair pair = upgraded_pair(listener_);
  send_messages(pair.server, 5, 30);
  EXPECT_EQ(events_out(pair.server), 5U);
  EXPECT_NE(flow(pair.server).opened_ns, 0U);
}

// Once a silence has passed, the next message is known to start a frame: it counts, and so do all
// that follow.
TEST_F(OldTest, quiet_connection_counts_from_the_next_message) {
  const Pair pair = upgraded_pair(listener_);
  send_messages(pair.server, 10, 30);
  attach();
  expect_unsynced(pair.server);
  EXPECT_EQ(flow(pair.server).opened_ns, 0U);
  std::this_thread::sleep_for(silence);
  send_messages(pair.server, 1, 30);
  EXPECT_EQ(events_out(pair.server), 1U);
  send_messages(pair.server, 40, 30);
  EXPECT_EQ(events_out(pair.server), 41U);
  EXPECT_EQ(flow(pair.server).out.probation, 0);
}

TEST_F(OldTest, quiet_inbound_counts_from_the_next_message) {
  const Pair pair = upgraded_pair(listener_);
  const std::string message = wire({text, "from a client", true, 0, true});
  send_all(pair.client, message);
  attach();
  std::this_thread::sleep_for(silence);
  for (int i = 0; i < 40; ++i) {
    send_all(pair.client, message);
    receive(pair.server, message.size());
  }
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 40U);
  EXPECT_EQ(counts(flow(pair.server).out), Counts{});
}

// A stream that never pauses locks by a chain of plausible headers, which are not counted.
// fanfare_bytes_passed() tells how much has left since the adoption, and with it how many whole
// messages.
TEST_F(OldTest, busy_connection_locks_by_a_chain_of_headers) {
  Pair pair = upgraded_pair(listener_);
  auto drained = drain(pair.client);
  std::atomic<bool> stop = false;
  std::size_t sent = 0;
  const std::string message = wire({text, std::string(100, ' ')});
  std::thread writer([&] {
    for (; !stop; ++sent) send_all(pair.server, message);
  });
  attach();
  for (int i = 0; i < 100 && flow(pair.server).out.probation + events_out(pair.server) == 0; ++i)
    std::this_thread::sleep_for(10ms);
  stop = true;
  writer.join();
  const auto record = flow(pair.server);
  EXPECT_EQ(record.out.stage, FANFARE_STAGE_FRAMES);
  EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages,
            fanfare_bytes_passed(&record.out) / message.size() - FANFARE_LOCK_FRAMES);
  send_messages(pair.server, 100, 100);
  EXPECT_EQ(events_out(pair.server), record.out.tally.by_class[FANFARE_EVENT].messages + 100);
  pair.server = Fd();
  drained.join();
  EXPECT_EQ(received_, (sent + 100) * message.size());
}

// Adopted in the middle of a long frame: its rest is not taken for frames.
TEST_F(OldTest, adopted_inside_a_frame) {
  const Pair pair = upgraded_pair(listener_);
  Dice dice(3);
  const std::string message = wire({text, multilingual_json(dice)});
  const std::string half = header({text}, 200) + std::string(100, 'a');
  send_all(pair.server, half);
  attach();
  send_all(pair.server, std::string(100, 'a'));
  expect_unsynced(pair.server);
  std::this_thread::sleep_for(silence);
  for (int i = 0; i < 20; ++i) send_all(pair.server, message);
  EXPECT_EQ(events_out(pair.server), 20U);
}

TEST_F(OldTest, upgrade_after_the_adoption) {
  const Pair pair = connect_pair(listener_);
  attach();
  send_all(pair.server, upgrade_head());
  send_messages(pair.server, 30, 30);
  EXPECT_EQ(events_out(pair.server), 30U);
}

TEST_F(OldTest, plain_tcp_is_never_counted) {
  const Pair pair = connect_pair(listener_);
  send_all(pair.server, "220 ready\r\n");
  attach();
  Dice dice(4);
  std::size_t sent = 11;
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(silence);
    for (int i = 0; i < 200; ++i) {
      const std::string line = multilingual_json(dice) + "\r\n";
      send_all(pair.server, line);
      sent += line.size();
    }
    receive(pair.client, std::exchange(sent, 0));
  }
  expect_unsynced(pair.server);
}

// 1 MiB without a sign of WebSocket, on a port where nobody upgraded: let go, by name.
TEST_F(OldTest, plain_tcp_is_given_up) {
  const Pair pair = connect_pair(listener_);
  send_all(pair.server, "220 ready\r\n");
  attach();
  EXPECT_EQ(watched_port(port_of(listener_)), 1U);
  auto drained = drain(pair.client);
  Dice dice(5);
  for (std::size_t sent = 0; sent <= FANFARE_SEARCH_BYTES_MAX + 5000;) {
    const std::string line = ascii_json(dice) + "\r\n";
    send_all(pair.server, line);
    sent += line.size();
  }
  wait_until_sent(pair.server);
  EXPECT_EQ(watched_port(port_of(listener_)), 0U);
  for (int i = 0; i < 3; ++i) read_after(std::chrono::seconds(31));
  EXPECT_FALSE(find_flow(cookie_of(pair.server)));
  ::shutdown(pair.server.get(), SHUT_WR);
  drained.join();
  expect_loss(FANFARE_LOSS_SEARCH_GIVEN_UP, 1);
}

TEST_F(OldTest, client_sockets_have_no_record) {
  const Pair old = upgraded_pair(listener_);
  attach();
  const Pair fresh = upgraded_pair(listener_);
  std::this_thread::sleep_for(silence);
  for (const Pair* pair : {&old, &fresh}) {
    send_messages(pair->client, 30, 20);
    receive(pair->server, 30 * 22);
    EXPECT_FALSE(find_flow(cookie_of(pair->client)));
  }
  EXPECT_EQ(read().cookies.size(), 2U);
  // Such frames are not masked: no inbound message either.
  EXPECT_EQ(counts(flow(fresh.server).in), Counts{});
  EXPECT_EQ(counts(flow(old.server).in), Counts{});
  expect_loss(FANFARE_LOSS_BAD_FRAME, 1);
}

TEST_F(OldTest, sockets_outside_of_the_subtree_have_no_record) {
  const Pair inside = upgraded_pair(listener_);
  enter_cgroup(cgroup_->root());
  const Fd listener = listen_on();
  const Pair outside = upgraded_pair(listener);
  enter_cgroup(cgroup_->path());
  attach();
  enter_cgroup(cgroup_->root());
  const Fd later = listen_on();
  const Pair newer = upgraded_pair(later);
  enter_cgroup(cgroup_->path());
  EXPECT_TRUE(find_flow(cookie_of(inside.server)));
  EXPECT_FALSE(find_flow(cookie_of(outside.server)));
  EXPECT_FALSE(find_flow(cookie_of(newer.server)));
}

}  // namespace
}  // namespace fanfare::test
