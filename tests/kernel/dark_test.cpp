// SPDX-License-Identifier: Apache-2.0
// Who has a record, and who is dark: what is no client's keeps no client out, and a client that is
// not followed is known as such until there is room for it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

#include "tests/kernel/replication_fixture.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

constexpr auto silence = 80ms;  // longer than FANFARE_QUIET_NS

class DarkTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) listener_ = listen_on();
  }

  // With the record of the proof of scope given back.
  void attach_with_room(std::uint32_t sockets) {
    attach({.sockets = sockets});
    for (int i = 0; i < 3; ++i) read();
  }
  std::vector<Pair> upgraded(std::size_t count) {
    std::vector<Pair> pairs(count);
    std::ranges::generate(pairs, [&] { return upgraded_pair(listener_); });
    return pairs;
  }
  static void answer(const Pair& pair, const std::string& response) {
    send_all(pair.client, "GET / HTTP/1.1\r\n\r\n");
    receive(pair.server, 18);
    send_all(pair.server, response);
    receive(pair.client, response.size());
  }

  std::optional<fanfare_dark> dark_row(std::uint64_t cookie) {
    const auto snapshot = read();
    const auto row = std::ranges::find(snapshot.dark, cookie, &DarkSocket::cookie);
    if (row == snapshot.dark.end()) return std::nullopt;
    return row->socket;
  }
  // Looks every second of an agent's life, until `done` or for a minute of it.
  void read_until(const std::function<bool(const Snapshot&)>& done) {
    for (int second = 0; second < 60 && !done(read_after(std::chrono::seconds(later_++)));
         ++second) {
    }
  }

  int later_ = 0;
  Fd listener_;
};

// Of what each kind of server does that is none of a chat's: no record, and no loss.
TEST_F(DarkTest, plain_http_keeps_no_client_out) {
  attach_with_room(100);
  std::vector<Pair> others;
  for (int i = 0; i < 300; ++i) {
    others.push_back(connect_pair(listener_));
    if (i % 5 == 1) answer(others.back(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    if (i % 5 == 2) answer(others.back(), "HTTP/1.0 404 No\r\n\r\n");
    if (i % 5 == 3) answer(others.back(), "HTTP/1.1 100 Continue\r\n\r\n");
    if (i % 5 == 4) answer(others.back(), std::string("\x16\x03\x03\0", 4));
  }
  EXPECT_EQ(read().maps.at(0).entries, 0U);
  const auto clients = upgraded(20);
  for (const auto& client : clients) {
    send_messages(client.server, 3, 20);
    EXPECT_EQ(events_out(client.server), 3U);
  }
  EXPECT_EQ(read().cookies.size(), 20U);
  EXPECT_EQ(read().dark.size(), 0U);
  EXPECT_EQ(watched_port(port_of(listener_)), 20U + 240U) << "all but those that speak no HTTP";
  others.clear();
  EXPECT_EQ(watched_port(port_of(listener_)), 20U);
}

// The interim answer, an upgrade to something else, a head that comes byte by byte: each has a
// record as long as it may be a client's, and leaves it to others.
TEST_F(DarkTest, who_only_looked_like_a_client_gives_its_record_back) {
  attach_with_room(64);
  std::vector<Pair> others;
  for (int i = 0; i < 300; ++i) {
    others.push_back(connect_pair(listener_));
    if (i % 3 == 0) {
      answer(others.back(), head("HTTP/1.1 103 Early Hints", {"Link: </app.js>; rel=preload"}));
    } else if (i % 3 == 1) {
      answer(others.back(), head("HTTP/1.1 101 Switching Protocols", {"Upgrade: h2c"}));
    } else {
      for (const char byte : std::string("HTTP/1.1 204 No Content\r\n\r\n"))
        send_all(others.back().server, std::string(1, byte));
      receive(others.back().client, 27);
    }
    if (i % 16 == 0) read(), read(), read();
  }
  for (int i = 0; i < 3; ++i) read();
  EXPECT_EQ(read().maps.at(0).entries, 0U);
  for (auto& other : others) {
    send_all(other.server, upgrade_head());
    send_messages(other.server, 11, 20);
    receive(other.client, upgrade_head().size() + 11 * 22);
    EXPECT_EQ(events_out(other.server), 11U);
    other = Pair();
    for (int i = 0; i < 3; ++i) read();
  }
}

TEST_F(DarkTest, clients_without_room_are_dark_until_there_is_room) {
  attach_with_room(100);
  auto pairs = upgraded(150);
  auto snapshot = read();
  EXPECT_EQ(snapshot.cookies.size(), 100U);
  ASSERT_EQ(snapshot.dark.size(), 50U);
  for (const auto& dark : snapshot.dark) {
    EXPECT_EQ(dark.socket.reason, FANFARE_DARK_NO_ROOM);
    EXPECT_EQ(dark.socket.spoke, FANFARE_IS_CLIENTS);
    EXPECT_EQ(dark.socket.local_port, port_of(listener_));
    EXPECT_NE(dark.socket.cgroup_id, 0U);
    EXPECT_NE(dark.socket.netns, 0U);
  }
  for (const auto& pair : pairs) send_messages(pair.server, 5, 20);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 50);  // each socket once, whatever it sends

  pairs.erase(pairs.begin(), pairs.begin() + 90);
  for (int i = 0; i < 3; ++i) read();  // what has closed is given back
  std::this_thread::sleep_for(silence);
  for (const auto& pair : pairs) send_messages(pair.server, 5, 20);
  std::uint64_t events = 0;
  for (const auto& pair : pairs) events += events_out(pair.server);
  EXPECT_EQ(events, 10 * 10U + 50 * 5U);
  EXPECT_EQ(read().dark.size(), 0U);
  EXPECT_EQ(watched_port(port_of(listener_)), 60U);
}

// One that sends nothing is met by the scan of the open files.
TEST_F(DarkTest, a_silent_client_is_adopted_by_a_scan) {
  attach_with_room(16);
  auto pairs = upgraded(20);
  EXPECT_EQ(read().dark.size(), 4U);
  pairs.erase(pairs.begin(), pairs.begin() + 10);
  read_until([](const Snapshot& snapshot) { return snapshot.dark.empty(); });
  EXPECT_EQ(read().dark.size(), 0U);
  const std::string hello = wire({text, "hello", true, 0, true});
  std::this_thread::sleep_for(silence);
  send_all(pairs.back().client, hello);
  receive(pairs.back().server, hello.size());
  EXPECT_EQ(flow(pairs.back().server).in.tally.by_class[FANFARE_EVENT].messages, 1U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 4);
}

TEST_F(DarkTest, dark_ends_with_the_socket) {
  attach_with_room(16);
  auto pairs = upgraded(30);
  EXPECT_EQ(read().dark.size(), 14U);
  pairs.resize(16);
  EXPECT_EQ(read().dark.size(), 0U);
  EXPECT_EQ(watched_port(port_of(listener_)), 16U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 14);
}

// Three quarters of the table are for those that have to be searched.
TEST_F(DarkTest, older_sockets_leave_room_for_clients_that_come) {
  const auto old = upgraded(200);
  attach({.sockets = 64});
  auto snapshot = read();
  EXPECT_EQ(snapshot.dark.size(), 200U - 48U);
  for (const auto& dark : snapshot.dark) EXPECT_EQ(dark.socket.reason, FANFARE_DARK_OLDER);
  for (int i = 0; i < 3; ++i) read();
  const auto fresh = upgraded(16);
  for (const auto& client : fresh) {
    send_messages(client.server, 2, 20);
    EXPECT_EQ(events_out(client.server), 2U);
  }
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 200 - 48);
}

// An old connection that turns out to be of plain HTTP has neither a record nor a row.
TEST_F(DarkTest, older_http_makes_room) {
  std::vector<Pair> old;
  for (int i = 0; i < 100; ++i) old.push_back(connect_pair(listener_));
  attach({.sockets = 64});
  EXPECT_EQ(read().dark.size(), 100U - 48U);
  for (const auto& pair : old) answer(pair, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(read().dark.size(), 0U);
  for (int i = 0; i < 3; ++i) read();
  EXPECT_EQ(read().maps.at(0).entries, 0U);
  EXPECT_EQ(watched_port(port_of(listener_)), 100U);
  answer(old[99], upgrade_head());
  send_messages(old[99].server, 30, 20);
  EXPECT_EQ(events_out(old[99].server), 30U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 100 - 48);
}

// Given up, since nothing said that its port is a chat's; then something does.
TEST_F(DarkTest, given_up_and_searched_again) {
  const Pair pair = upgraded_pair(listener_);
  attach();
  const std::string filler(60000, ' ');
  std::thread reader([&] { receive_rest(pair.client); });
  for (int i = 0; i < 20; ++i) send_all(pair.server, filler);
  wait_until_sent(pair.server);
  auto row = dark_row(cookie_of(pair.server));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->reason, FANFARE_DARK_GIVEN_UP);
  for (int i = 0; i < 3; ++i) read_after(40s);
  EXPECT_TRUE(dark_row(cookie_of(pair.server)));
  const Pair other = upgraded_pair(listener_);
  later_ = 50;
  read_until([](const Snapshot& snapshot) { return snapshot.dark.empty(); });
  std::this_thread::sleep_for(silence);
  send_messages(pair.server, 20, 30);
  EXPECT_EQ(events_out(pair.server), 20U);
  EXPECT_FALSE(dark_row(cookie_of(pair.server)));
  ::shutdown(pair.server.get(), SHUT_WR);
  reader.join();
  expect_loss(FANFARE_LOSS_SEARCH_GIVEN_UP, 1);
}

// What is due stands on the sockets between nodes: no crowd of clients takes their room.
class DarkPeersTest : public ReplicationTest {
 protected:
  void SetUp() override {
    ReplicationTest::SetUp();
    if (!IsSkipped()) clients_ = listen_on();
  }
  void attach_with_room(std::uint32_t sockets) {
    auto few = knobs();
    few.sockets = sockets;
    attach(few);
    for (int i = 0; i < 3; ++i) read();
  }
  void expect_peer_is_read() {
    const Pair pair = connect_pair(listener_);
    request(pair, append_request(log_entries(2, 4)));
    EXPECT_EQ(rpcs(flow(pair.client).out).entries, 4U);
    EXPECT_EQ(rpcs(flow(pair.server).in).entries, 4U);
  }

  Fd clients_;
};

TEST_F(DarkPeersTest, a_peer_has_a_record_where_no_client_finds_one) {
  attach_with_room(16);
  std::vector<Pair> pairs;
  for (int i = 0; i < 20; ++i) pairs.push_back(upgraded_pair(clients_));
  expect_peer_is_read();
  auto snapshot = read();
  EXPECT_EQ(snapshot.dark.size(), 4U);
  EXPECT_EQ(snapshot.maps.at(0).entries, 16U);
  pairs.clear();  // as a node that is started again: nothing has been given back yet
  expect_peer_is_read();
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 4);

  for (int i = 0; i < 4; ++i) read();
  EXPECT_EQ(read().cookies.size(), 0U);
  for (int i = 0; i < 16; ++i) pairs.push_back(upgraded_pair(clients_));
  EXPECT_EQ(read().cookies.size(), 16U) << "the records of peers are none that clients miss";
  EXPECT_EQ(read().dark.size(), 0U);
}

// Nor do clients that are older than the agent, of which three quarters of the table are full.
TEST_F(DarkPeersTest, an_older_peer_has_a_record_too) {
  std::vector<Pair> pairs;
  for (int i = 0; i < 40; ++i) pairs.push_back(upgraded_pair(clients_));
  const Pair peer = connect_pair(listener_);
  auto few = knobs();
  few.sockets = 16;
  attach(few);
  EXPECT_EQ(read().dark.size(), 40U - 12U);
  request(peer, append_request(log_entries(2, 4)));
  EXPECT_EQ(rpcs(flow(peer.client).out).entries, 4U);
  EXPECT_EQ(rpcs(flow(peer.server).in).entries, 4U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 40 - 12);
}

// What a live migration does on the host that takes over.
Fd restored(Fd old, const Fd& client) {
  constexpr int send_queue = TCP_SEND_QUEUE, receive_queue = TCP_RECV_QUEUE;
  const auto option = [](const Fd& socket, int name, int value) {
    set_option(socket, IPPROTO_TCP, name, value);
  };
  const auto sequence_of = [&](int queue) {
    option(old, TCP_REPAIR_QUEUE, queue);
    std::uint32_t sequence = 0;
    socklen_t size = sizeof sequence;
    ::getsockopt(old.get(), IPPROTO_TCP, TCP_QUEUE_SEQ, &sequence, &size);
    return static_cast<int>(sequence);
  };
  sockaddr_in local{}, remote{};
  socklen_t size = sizeof local;
  ::getsockname(old.get(), reinterpret_cast<sockaddr*>(&local), &size);
  size = sizeof remote;
  ::getsockname(client.get(), reinterpret_cast<sockaddr*>(&remote), &size);
  option(old, TCP_REPAIR, 1);
  const int sent = sequence_of(send_queue), received = sequence_of(receive_queue);
  old = Fd();  // without a word to the other end
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  option(socket, TCP_REPAIR, 1);
  option(socket, TCP_REPAIR_QUEUE, send_queue);
  option(socket, TCP_QUEUE_SEQ, sent);
  option(socket, TCP_REPAIR_QUEUE, receive_queue);
  option(socket, TCP_QUEUE_SEQ, received);
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&local), sizeof local) != 0 ||
      ::connect(socket.get(), reinterpret_cast<sockaddr*>(&remote), sizeof remote) != 0)
    throw std::system_error(errno, std::generic_category(), "restoring a socket");
  option(socket, TCP_REPAIR, 0);
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  return socket;
}

// On a port that connections have already.
Fd listen_beside(std::uint16_t port) {
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_port = htons(port);
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
      ::listen(listener.get(), 1) != 0)
    throw std::system_error(errno, std::generic_category(), "listening beside a connection");
  return listener;
}

TEST_F(DarkTest, a_restored_socket_is_adopted) {
  attach_with_room(64);
  Pair pair = upgraded_pair(listener_);
  pair.server = restored(std::move(pair.server), pair.client);
  std::this_thread::sleep_for(silence);
  send_messages(pair.server, 20, 30);
  receive(pair.client, 20 * 32);
  EXPECT_EQ(events_out(pair.server), 20U);
  EXPECT_EQ(flow(pair.server).opened_ns, 0U);
}

// Its server listens later than it is restored.
TEST_F(DarkTest, a_restored_socket_is_dark_until_somebody_listens) {
  Pair pair = upgraded_pair(listener_);
  const Endpoint endpoint{.port = port_of(listener_)};
  listener_ = Fd();
  attach_with_room(64);
  pair.server = restored(std::move(pair.server), pair.client);
  const auto cookie = cookie_of(pair.server);
  send_messages(pair.server, 5, 30);
  receive(pair.client, 5 * 32);
  const auto row = dark_row(cookie);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->reason, FANFARE_DARK_RESTORED);
  listener_ = listen_beside(endpoint.port);
  std::this_thread::sleep_for(silence);
  send_messages(pair.server, 20, 30);
  EXPECT_EQ(events_out(pair.server), 20U);
  EXPECT_FALSE(dark_row(cookie));
}

}  // namespace
}  // namespace fanfare::test
