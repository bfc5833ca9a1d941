// SPDX-License-Identifier: Apache-2.0
// Losses belong to somebody: to one direction of one socket, or to a port where there is no record.
#include <algorithm>

#include "tests/kernel/replication_fixture.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

class LossesBySocketTest : public ReplicationTest {
 protected:
  static std::uint64_t on_port(const Snapshot& snapshot, std::uint16_t port, fanfare_loss reason,
                               fanfare_way way) {
    const auto found = std::ranges::find_if(snapshot.port_losses, [&](const PortLoss& loss) {
      return loss.of.port == port && loss.of.reason == reason && loss.of.way == way;
    });
    return found == snapshot.port_losses.end() ? 0 : found->count;
  }
};

// A reserved opcode: what this client sends is lost, and nothing of what the others get.
TEST_F(LossesBySocketTest, a_clients_bad_frame_is_lost_on_its_way_in) {
  attach();
  const Pair hostile = upgraded_pair(listener_), other = upgraded_pair(listener_);
  const auto bad = wire({.opcode = 0x3, .payload = "x", .masked = true});
  send_all(hostile.client, bad);
  receive(hostile.server, bad.size());
  send_messages(other.server, 3, 20);
  EXPECT_EQ(flow(hostile.server).in.losses, 1U);
  EXPECT_EQ(flow(hostile.server).out.losses, 0U);
  EXPECT_EQ(flow(other.server).in.losses + flow(other.server).out.losses, 0U);
  EXPECT_EQ(events_out(other.server), 3U);
  expect_loss(FANFARE_LOSS_BAD_FRAME, 1);
}

TEST_F(LossesBySocketTest, a_servers_bad_frames_are_lost_on_their_way_out) {
  attach();
  const Pair pair = upgraded_pair(listener_);
  send_messages(pair.server, 3, 20);
  send_all(pair.server, "\x83\x01x"s);
  receive(pair.client, 3 * 22 + 3);
  EXPECT_EQ(flow(pair.server).out.losses, 1U);
  EXPECT_EQ(flow(pair.server).in.losses, 0U);
  expect_loss(FANFARE_LOSS_BAD_FRAME, 1);
}

// Bytes that are not readable as what the port speaks: a peer's loss once it has been one.
TEST_F(LossesBySocketTest, a_peers_garbage_is_its_loss) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  request(pair, append_request(log_entries(2, 4)));
  request(pair, std::string(64, '\x7f'));
  EXPECT_EQ(flow(pair.server).in.losses, 1U);
  EXPECT_EQ(flow(pair.client).out.losses, 1U);
  EXPECT_EQ(flow(pair.server).in.stage, FANFARE_STAGE_ANCHOR);
  expect_loss(FANFARE_LOSS_BAD_RPC, 2);
}

class StrangerTest : public LossesBySocketTest {
 protected:
  // Dismissed at both ends, which are on this host, and nothing is lost by it.
  void expect_dismissed(const std::string& request_bytes, const std::string& answer) {
    const Pair pair = connect_pair(listener_);
    request(pair, request_bytes);
    send_all(pair.server, answer);
    receive(pair.client, answer.size());
    // Two reads: at a third the records of the dismissed are gone.
    const auto server = flow(pair.server), client = flow(pair.client);
    for (const auto& end : {server, client}) {
      EXPECT_EQ(end.out.stage, FANFARE_STAGE_DISMISSED);
      EXPECT_EQ(end.out.losses + end.in.losses, 0U);
      EXPECT_EQ(end.watched, 0U);
    }
    EXPECT_EQ(server.in.lost_by, FANFARE_LOSS_NOT_A_PEER);
  }
};

TEST_F(StrangerTest, probes_on_a_replication_port_are_dismissed) {
  attach(knobs());
  expect_dismissed("GET / HTTP/1.1\r\nHost: node\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n");
  expect_dismissed("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(500, 'h'),
                   "\x15\x03\x01\x00\x02\x02\x46"s);
  expect_dismissed("SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0"s);
  expect_loss(FANFARE_LOSS_NOT_A_PEER, 6);
}

// A byte tells the protocol where a port is shared: it is no part of the first RPC.
TEST_F(StrangerTest, one_byte_may_stand_before_the_first_rpc) {
  attach(knobs());
  const std::string append = append_request(log_entries(2, 4));
  for (const std::string& prefix : {"\x01"s, "\x00"s, "R"s}) {
    const Pair pair = connect_pair(listener_);
    request(pair, prefix + append);
    request(pair, append);
    EXPECT_EQ(rpcs(flow(pair.server).in).entries, 8U) << testing::PrintToString(prefix);
    EXPECT_EQ(rpcs(flow(pair.client).out).entries, 8U) << testing::PrintToString(prefix);
  }
}

// What is neither is no peer, until a segment begins an RPC.
TEST_F(StrangerTest, who_speaks_it_later_is_a_peer_from_then_on) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  request(pair, "\x0d\x0a\x0d\x0a and so on"s);
  EXPECT_EQ(flow(pair.server).in.stage, FANFARE_STAGE_ANCHOR);
  EXPECT_EQ(flow(pair.server).in.losses, 0U);
  request(pair, append_request(log_entries(2, 4)));
  EXPECT_EQ(rpcs(flow(pair.server).in).entries, 4U);
  expect_loss(FANFARE_LOSS_NOT_A_PEER, 2);
}

TEST_F(LossesBySocketTest, without_a_record_by_the_port) {
  attach({.sockets = 64});
  for (int i = 0; i < 3; ++i) read();  // the record of the proof of scope goes
  std::vector<Pair> pairs;
  for (int i = 0; i < 70; ++i) pairs.push_back(upgraded_pair(listener_));
  EXPECT_EQ(on_port(read(), port(), FANFARE_LOSS_FLOW_MAP_FULL, FANFARE_WAY_OUT), 6U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 6);
}

// Servers that come and go where the table of sockets is full: each leaves a row of its port's
// losses.
TEST_F(LossesBySocketTest, of_ports_that_are_gone_make_room_for_others) {
  constexpr std::size_t ports = FANFARE_PORT_LOSSES_MAX / 2 + 8;
  attach({.sockets = 16});
  for (int i = 0; i < 3; ++i) read();
  std::vector<Pair> stay;
  for (int i = 0; i < 17; ++i) stay.push_back(upgraded_pair(listener_));
  {
    std::vector<Fd> listeners;
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < ports; ++i) {
      listeners.push_back(listen_on());
      pairs.push_back(upgraded_pair(listeners.back()));
    }
    EXPECT_EQ(read().port_losses.size(), ports + 1);
    read_after(10s);
    EXPECT_EQ(read_after(20s).port_losses.size(), ports + 1) << "they are open";
  }
  for (const auto later : {100s, 110s, 120s}) read_after(later);  // who listened is known a minute
  EXPECT_EQ(read_after(130s).port_losses.size(), 1U);
  const Fd again = listen_on();
  stay.push_back(upgraded_pair(again));
  EXPECT_EQ(on_port(read_after(131s), port_of(again), FANFARE_LOSS_FLOW_MAP_FULL, FANFARE_WAY_OUT),
            1U);
  expect_loss(FANFARE_LOSS_FLOW_MAP_FULL, 1 + ports + 1);
}

}  // namespace
}  // namespace fanfare::test
