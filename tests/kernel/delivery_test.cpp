// SPDX-License-Identifier: Apache-2.0
// From written to acknowledged, lost or unsent, for every way a connection can go. The truth is the
// receiving side's own count. In order: acked = received. With aborts: received <= acked <=
// written, where acked may exceed received by what lay in the client's kernel unread.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <linux/sockios.h>

#include <atomic>
#include <csignal>
#include <numeric>
#include <thread>

#include "agent/model/socket_delivery.h"
#include "bpf/framers/acks.h"
#include "tests/kernel/kernel_test.h"
#include "tests/kernel/on_threads.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t payload_bytes = 196, message_bytes = 200;

// Complete messages in what a client has read.
std::uint64_t messages_in(std::size_t bytes) { return bytes / message_bytes; }

class DeliveryTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
  }

  void connect() { follow(upgraded_pair(listener_)); }

  void follow(Pair pair) {
    pair_ = std::move(pair);
    cookie_ = cookie_of(pair_.server);
  }

  // A pair over veth, the client in a namespace that can be cut off.
  void connect_across() {
    connect_netns(servers_.emplace(), clients_.emplace());
    servers_->run([&] { listener_ = listen_on({.ip = "10.99.0.1"}); });
    Pair pair;
    clients_->run([&] { pair = upgraded_pair(listener_, {"10.99.0.1", port_of(listener_)}); });
    follow(std::move(pair));
  }

  void cut() {
    clients_->shell(
        "nft 'add table inet t; add chain inet t in { type filter hook prerouting priority 0; "
        "policy drop; }'");
  }
  void mend() { clients_->shell("nft 'delete table inet t'"); }

  // One look at the socket; its books must balance at every one.
  void look() {
    const auto snapshot = read();
    for (std::size_t i = 0; i < snapshot.flows.size(); ++i) {
      if (snapshot.cookies[i] != cookie_) continue;
      flow_ = snapshot.flows[i];
      const auto owner = snapshot.owners->by_cookie.find(cookie_);
      clear_gauges(totals_);
      delivery_.advance(flow_, snapshot.taken,
                        owner == snapshot.owners->by_cookie.end() ? nullptr : &owner->second, {},
                        totals_);
      ASSERT_EQ(imbalance(totals_), 0U);
      ASSERT_EQ(totals_.bookkeeping_error, 0U);
    }
  }

  template <typename Condition>
  void look_until(const char* what, const Condition& condition,
                  std::chrono::milliseconds patience = 10s) {
    const auto end = std::chrono::steady_clock::now() + patience;
    do {
      look();
      if (HasFatalFailure() || condition()) return;
      std::this_thread::sleep_for(20ms);
    } while (std::chrono::steady_clock::now() < end);
    ADD_FAILURE() << "never: " << what << "; written " << events().written << ", acked "
                  << events().acked << ", in flight " << events().in_flight;
  }

  void look_until_acked(std::uint64_t count) {
    look_until("acked", [&] { return events().acked == count && events().in_flight == 0; });
  }

  // Until the second read that sees it closed, when its last word has been taken.
  void look_until_over(std::chrono::milliseconds patience = 10s) {
    look_until(
        "closed", [&] { return flow_.life == FANFARE_CLOSED; }, patience);
    look();
  }

  const Fate& events() const { return totals_.fates[FANFARE_FATE_EVENT]; }
  std::uint64_t lost(EndReason reason) const {
    return events().lost[static_cast<std::size_t>(reason)];
  }
  std::uint64_t unsent_lost(EndReason reason) const {
    return totals_.unsent_lost[static_cast<std::size_t>(reason)];
  }

  // Messages of 200 bytes until the socket takes no more; the bytes that it has taken.
  std::size_t fill() {
    set_option(pair_.server, SOL_SOCKET, SO_SNDBUF, 100000);
    const std::string message = wire({text, std::string(payload_bytes, 'f')});
    std::string many;
    for (int i = 0; i < 500; ++i) many += message;
    std::size_t taken = 0;
    for (int refused = 0; refused < 20;) {
      const auto at = taken % message_bytes;
      const auto n = ::send(pair_.server.get(), many.data() + at, many.size() - at,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0)
        taken += static_cast<std::size_t>(n);
      else if (++refused < 20)
        std::this_thread::sleep_for(10ms);
    }
    return taken;
  }

  std::optional<Netns> servers_, clients_;
  Fd listener_;
  Pair pair_;
  std::uint64_t cookie_ = 0;
  fanfare_flow flow_{};
  SocketDelivery delivery_;
  Delivery totals_;
};

TEST_F(DeliveryTest, everything_arrives) {
  connect();
  std::thread reader([&] { receive(pair_.client, 20000 * message_bytes); });
  send_messages(pair_.server, 20000, payload_bytes);
  reader.join();
  look_until_acked(20000);
  EXPECT_EQ(events().written, 20000U);
  const auto timed =
      std::accumulate(totals_.ack_times.begin(), totals_.ack_times.end(), std::uint64_t{});
  EXPECT_GT(timed, 0U);
  EXPECT_LE(timed, 20000U) << "merged marks are not timed";
}

TEST_F(DeliveryTest, control_frames_are_of_the_other_kind) {
  connect();
  const std::string bytes = wire({ping, "p"}) + wire({text, "event"}) + wire({ping, "q"});
  send_all(pair_.server, bytes);
  receive(pair_.client, bytes.size());
  look_until_acked(1);
  EXPECT_EQ(totals_.fates[FANFARE_FATE_OTHER].acked, 2U);
}

TEST_F(DeliveryTest, a_client_that_stops_reading_and_goes_on) {
  connect();
  set_option(pair_.client, SOL_SOCKET, SO_RCVBUF, 32768);
  const auto taken = fill();
  std::this_thread::sleep_for(1100ms);  // the owner scan is rationed
  look_until("unsent", [&] { return totals_.unsent_bytes > 0; });
  look();
  const auto acked = events().acked;
  EXPECT_EQ(std::accumulate(events().lost.begin(), events().lost.end(), events().unknown), 0U);
  EXPECT_LT(events().written, messages_in(taken)) << "unsent is not written";
  std::this_thread::sleep_for(300ms);
  look();
  EXPECT_EQ(events().acked, acked) << "stands still";
  receive(pair_.client, taken);
  look_until_acked(messages_in(taken));
  std::this_thread::sleep_for(1100ms);
  look_until("nothing unsent", [&] { return totals_.unsent_bytes == 0; });
}

TEST_F(DeliveryTest, a_client_that_is_cut_off_times_out) {
  connect_across();
  send_messages(pair_.server, 10, payload_bytes);
  receive(pair_.client, 10 * message_bytes);
  look_until_acked(10);
  set_option(pair_.server, IPPROTO_TCP, TCP_USER_TIMEOUT, 700);
  cut();
  send_messages(pair_.server, 5, payload_bytes);
  look_until("in flight", [&] { return events().in_flight == 5; });
  std::this_thread::sleep_for(300ms);
  look();
  EXPECT_GT(delivery_.state().unacked_seconds, 0.2F);
  look_until_over(15s);
  EXPECT_EQ(events().acked, 10U);
  EXPECT_EQ(lost(EndReason::timeout), 5U);
}

// Acknowledged as soon as the way is open again, by TCP's retransmission: between two looks that
// lie far apart only where the machine is slow.
TEST_F(DeliveryTest, the_time_to_the_ack_is_right_to_a_factor_of_two) {
  connect_across();
  const auto now = std::chrono::steady_clock::now;
  for (const auto outage : {40ms, 300ms}) {
    cut();
    const auto began = now();
    send_messages(pair_.server, 1, payload_bytes);
    const auto sent = now();
    std::this_thread::sleep_for(outage);
    mend();
    auto least = now() - sent;
    for (int queued = 1; queued != 0;) {
      const auto looked = now() - sent;
      ::ioctl(pair_.server.get(), SIOCOUTQ, &queued);
      if (queued != 0) least = looked;
    }
    const auto most = now() - began;
    const auto before = totals_.ack_times;
    look_until("acked", [&] { return events().in_flight == 0; });
    const auto bucket = [](auto took) {
      return acks_bucket(static_cast<__u32>(took.count() / FANFARE_ACK_TICK_NS));
    };
    std::uint64_t near = 0;
    for (auto i = bucket(least) - 1; i <= bucket(most); ++i)
      near += totals_.ack_times[i] - before[i];
    EXPECT_EQ(near, 1U) << "acknowledged after " << least / 1ms << " to " << most / 1ms << " ms";
    receive(pair_.client, message_bytes);
  }
}

// More segments in flight than there are marks: the newest mark holds the last three, and their
// times are not known.
TEST_F(DeliveryTest, what_was_merged_is_not_timed) {
  connect_across();
  cut();
  send_messages(pair_.server, FANFARE_MARKS + 2, payload_bytes);
  look_until("in flight", [&] { return events().in_flight == FANFARE_MARKS + 2; });
  EXPECT_EQ(flow_.acks.count, FANFARE_MARKS);
  mend();
  look_until_acked(FANFARE_MARKS + 2);
  EXPECT_EQ(std::accumulate(totals_.ack_times.begin(), totals_.ack_times.end(), std::uint64_t{}),
            FANFARE_MARKS - 1U);
  receive(pair_.client, (FANFARE_MARKS + 2) * message_bytes);
}

TEST_F(DeliveryTest, reset_by_the_client_with_full_buffers) {
  connect();
  set_option(pair_.client, SOL_SOCKET, SO_RCVBUF, 32768);
  const auto taken = fill();
  const auto read = receive(pair_.client, 20 * message_bytes).size();
  std::this_thread::sleep_for(50ms);
  int waiting = 0;
  ::ioctl(pair_.client.get(), SIOCINQ, &waiting);
  close_by_reset(std::move(pair_.client));
  look_until_over();
  const auto in_kernel = messages_in(read + static_cast<std::size_t>(waiting));
  EXPECT_EQ(events().acked, in_kernel) << "the client's TCP had them";
  EXPECT_EQ(events().written, events().acked + lost(EndReason::reset) + events().unknown);
  EXPECT_GT(unsent_lost(EndReason::reset), 0U);
  EXPECT_EQ(unsent_lost(EndReason::reset),
            taken - (flow_.snd_nxt - flow_.out.first_seq) + upgraded_stream().bytes().size());
}

TEST_F(DeliveryTest, reset_by_the_server_with_messages_in_flight) {
  connect_across();
  send_messages(pair_.server, 10, payload_bytes);
  receive(pair_.client, 10 * message_bytes);
  look_until_acked(10);
  cut();
  send_messages(pair_.server, 6, payload_bytes);
  look_until("in flight", [&] { return events().in_flight == 6; });
  close_by_reset(std::move(pair_.server));
  look_until_over();
  EXPECT_EQ(events().acked, 10U);
  EXPECT_EQ(lost(EndReason::reset), 6U);
  EXPECT_EQ(unsent_lost(EndReason::reset), 0U);
}

// The kernel goes on sending for a process that was killed; the client reads all that it had
// written.
TEST_F(DeliveryTest, server_killed_with_full_buffers) {
  connect();
  set_option(pair_.client, SOL_SOCKET, SO_RCVBUF, 32768);
  const auto taken = fill();
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  pair_.server = Fd();  // the child is its last holder
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::this_thread::sleep_for(50ms);
  const auto got = receive_rest(pair_.client);
  EXPECT_EQ(got.size(), taken);
  pair_.client = Fd();
  look_until_over();
  EXPECT_EQ(events().acked, messages_in(got.size()));
  EXPECT_EQ(events().written, events().acked);
}

TEST_F(DeliveryTest, half_closed_by_the_client) {
  connect();
  ::shutdown(pair_.client.get(), SHUT_WR);
  EXPECT_EQ(receive_rest(pair_.server), "");
  send_messages(pair_.server, 500, payload_bytes);
  pair_.server = Fd();
  const auto got = receive_rest(pair_.client);
  pair_.client = Fd();
  look_until_over();
  EXPECT_EQ(events().acked, messages_in(got.size()));
  EXPECT_EQ(events().acked, 500U);
}

TEST_F(DeliveryTest, a_port_of_the_client_is_used_again_at_once) {
  std::uint16_t from = 0;
  std::uint64_t first = 0;
  for (int life = 0; life < 2; ++life) {
    const Fd client = connect_to({.port = port_of(listener_)}, from);
    from = port_of(client);
    Fd server = accept_from(listener_);
    const auto head = upgraded_stream().bytes();
    send_all(server, head);
    send_messages(server, 7, payload_bytes);
    EXPECT_EQ(receive(client, head.size() + 7 * message_bytes).size(),
              head.size() + 7 * message_bytes);
    cookie_ = cookie_of(server);
    EXPECT_NE(cookie_, std::exchange(first, cookie_));
    delivery_ = {};
    totals_ = {};
    look_until_acked(7);
    // The client closes first and keeps the port in TIME-WAIT.
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(receive_rest(server), "");
    server = Fd();
    look_until_over();
    EXPECT_EQ(events().written, 7U);
    EXPECT_EQ(events().acked, 7U);
  }
}

TEST_F(DeliveryTest, many_sockets_several_threads_read_all_the_while) {
  constexpr std::size_t sockets = 100, rounds = 200;
  std::vector<Pair> pairs;
  std::map<std::uint64_t, SocketDelivery> deliveries;
  for (std::size_t i = 0; i < sockets; ++i) pairs.push_back(upgraded_pair(listener_));
  const std::string message = wire({text, std::string(payload_bytes, 'o')});
  const std::string from_client = wire({text, std::string(50, 'i'), true, 0, true});
  Delivery totals;
  std::uint64_t looks = 0;
  const auto look_at_all = [&] {
    const auto snapshot = read();
    clear_gauges(totals);
    for (std::size_t i = 0; i < snapshot.flows.size(); ++i)
      deliveries[snapshot.cookies[i]].advance(snapshot.flows[i], snapshot.taken, nullptr, {},
                                              totals);
    ASSERT_EQ(imbalance(totals), 0U);
    ASSERT_EQ(totals.bookkeeping_error, 0U);
    ++looks;
  };
  std::atomic<bool> busy = true;
  std::thread watcher([&] {
    while (busy) look_at_all();
  });
  on_threads(4, [&](std::size_t thread) {
    for (std::size_t round = 0; round < rounds; ++round)
      for (std::size_t i = thread; i < sockets; i += 4) {
        send_all(pairs[i].client, from_client);
        send_all(pairs[i].server, message + message);
        receive(pairs[i].client, 2 * message_bytes);
        receive(pairs[i].server, from_client.size());
      }
  });
  busy = false;
  watcher.join();
  std::this_thread::sleep_for(100ms);  // delayed ACKs
  look_at_all();
  const auto& fate = totals.fates[FANFARE_FATE_EVENT];
  EXPECT_EQ(fate.written, 2 * rounds * sockets);
  EXPECT_EQ(fate.acked, fate.written);
  EXPECT_EQ(fate.in_flight, 0U);
  EXPECT_GT(looks, 20U);
}

}  // namespace
}  // namespace fanfare::test
