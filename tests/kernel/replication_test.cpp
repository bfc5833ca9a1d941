// SPDX-License-Identifier: Apache-2.0
// Replication through real sockets: streams of real nodes and of our own, connections of any age,
// and what is configured. What goes wrong is in replication_loss_test.
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/kernel/replication_fixture.h"
#include "tests/support/dice.h"
#include "tests/support/netns.h"

namespace fanfare::test {
namespace {

std::string read_file(const std::string& name) {
  const std::string path = FANFARE_SOURCE_DIR "/tests/captures/" + name;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Stream read_stream(const std::string& version, std::size_t which) {
  const auto about = boost::json::parse(read_file("hashicorp-raft-" + version + ".json"));
  const auto& stream = about.at(which);
  Stream result{read_file(std::string(stream.at("file").as_string())), {}};
  for (const auto& size : stream.at("writes").as_array())
    result.writes.push_back(size.to_number<std::size_t>());
  return result;
}

TEST_F(ReplicationTest, both_ends_have_a_record) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  request(pair, append_request({}));
  const auto leader = flow(pair.client), follower = flow(pair.server);
  for (const auto& end : {leader, follower}) {
    EXPECT_EQ(end.protocol, FANFARE_HASHICORP_RAFT);
    EXPECT_EQ(end.out.stage, FANFARE_STAGE_RPC);
    EXPECT_EQ(end.in.stage, FANFARE_STAGE_RPC);
    EXPECT_NE(end.opened_ns, 0U);
    EXPECT_EQ(end.life, FANFARE_LIVE);
  }
  EXPECT_EQ(leader.dialled, 1);
  EXPECT_EQ(leader.remote_port, port());
  EXPECT_EQ(follower.dialled, 0);
  EXPECT_EQ(follower.local_port, port());
  EXPECT_TRUE(follower.out.flags & FANFARE_RESPONSES);
  EXPECT_FALSE(follower.in.flags & FANFARE_RESPONSES);
}

// The cluster of three: the pipeline and the heartbeats to each follower.
TEST_F(ReplicationTest, a_real_cluster_of_1_5_0) {
  attach(knobs());
  const std::pair<std::size_t, std::size_t> connections[] = {{0, 4}, {1, 6}, {2, 7}, {3, 5}};
  std::uint64_t entries = 0, commands = 0;
  for (const auto& [asks, replies] : connections) {
    SCOPED_TRACE(asks);
    const Pair pair = connect_pair(listener_);
    const auto requests = read_stream("1.5.0", asks), answers = read_stream("1.5.0", replies);
    converse(pair, requests, answers);
    expect_rpcs(pair, read_requests(requests.bytes), read_answers(answers.bytes));
    entries += flow(pair.server).in.tally.rpcs.entries;
    commands += flow(pair.client).out.tally.rpcs.commands;
  }
  EXPECT_EQ(entries, 2U * 201);
  EXPECT_EQ(commands, 2U * 200);
}

TEST_F(ReplicationTest, every_call_of_the_oldest_and_the_newest) {
  attach(knobs());
  for (const std::string version : {"1.1.2", "1.8.0"}) {
    SCOPED_TRACE(version);
    const Pair pair = connect_pair(listener_);
    const auto requests = read_stream(version, 0), answers = read_stream(version, 1);
    converse(pair, requests, answers);
    expect_rpcs(pair, read_requests(requests.bytes), read_answers(answers.bytes));
    EXPECT_EQ(flow(pair.client).out.tally.rpcs.entries, 310U);
    EXPECT_EQ(flow(pair.client).out.tally.rpcs.snapshot, 1U);
  }
}

// Written in pieces that respect no RPC, by a sender that does not wait.
TEST_F(ReplicationTest, any_writes_over_a_wire) {
  attach(knobs());
  Netns leaders, followers;
  connect_netns(leaders, followers);
  Fd listener;
  Pair pair;
  followers.run([&] { listener = listen_on({.ip = "10.99.0.2", .port = port()}); });
  leaders.run([&] { pair = connect_pair(listener, {"10.99.0.2", port()}); });
  std::string stream;
  for (std::uint64_t i = 0; i < 400; ++i) {
    stream += append_request(log_entries(2 + 10 * i, 10, std::string(i, 'w')));
    stream += append_request({});
  }
  std::thread writer([&] {
    Dice dice(3);
    for (std::size_t at = 0; at < stream.size();) {
      const auto piece = std::string_view(stream).substr(at, dice.between(1, 3000));
      send_all(pair.client, piece);
      at += piece.size();
    }
  });
  expect_same_bytes(receive(pair.server, stream.size()), stream);
  writer.join();
  EXPECT_EQ(read_requests(stream).entries, 4000U);
  expect_rpcs(pair, read_requests(stream), {});
  EXPECT_EQ(flow(pair.server).netns, followers.inode());
}

TEST_F(ReplicationTest, large_appends) {
  attach(knobs());
  const Pair pair = connect_pair(listener_);
  const std::string stream = append_request(log_entries(2, 1000)) +
                             append_request(log_entries(1002, 1, std::string(1 << 20, '\x91'))) +
                             snapshot_request(std::string(3 << 20, '\x81')) + append_request({});
  request(pair, stream);
  expect_rpcs(pair, read_requests(stream), {});
  EXPECT_EQ(flow(pair.server).in.tally.rpcs.entries, 1001U);
}

// Both ends are adopted, and wait for a segment that begins an RPC.
TEST_F(ReplicationTest, connections_older_than_the_agent) {
  const Pair pair = connect_pair(listener_);
  const std::string append = append_request(log_entries(5, 3));
  request(pair, append);
  send_all(pair.client, append.substr(0, 100));
  attach(knobs());
  EXPECT_EQ(flow(pair.client).dialled, 1);
  EXPECT_EQ(flow(pair.server).dialled, 0);
  EXPECT_EQ(flow(pair.server).opened_ns, 0U);
  EXPECT_EQ(flow(pair.server).out.stage, FANFARE_STAGE_ANCHOR);
  send_all(pair.client, append.substr(100));
  receive(pair.server, append.size());
  expect_rpcs(pair, {}, {});
  request(pair, append);
  const std::string answer = append_answer(7);
  say(pair.server, pair.client, {answer, {}}, 0, answer.size());
  expect_rpcs(pair, read_requests(append), read_answers(answer));
  EXPECT_EQ(flow(pair.client).out.stage, FANFARE_STAGE_RPC);
}

TEST_F(ReplicationTest, closed_connections_keep_their_counts) {
  attach(knobs());
  Pair pair = connect_pair(listener_);
  const std::string append = append_request(log_entries(2, 4));
  request(pair, append);
  const auto client = cookie_of(pair.client), server = cookie_of(pair.server);
  EXPECT_GT(watched_port(port()), 0U);
  close_by_reset(std::move(pair.client));
  receive_rest(pair.server);
  pair.server = Fd();
  for (const auto cookie : {client, server}) {
    const auto ended = find_flow(cookie);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->life, FANFARE_CLOSED);
    EXPECT_EQ(ended->out.tally.rpcs.entries + ended->in.tally.rpcs.entries, 4U);
  }
  read();
  EXPECT_FALSE(find_flow(client));
  EXPECT_EQ(watched_port(port()), 0U);
}

// Without a replication port nobody looks at who dials, and the listener is one like any other.
TEST_F(ReplicationTest, not_configured) {
  attach();
  const Pair pair = connect_pair(listener_);
  request(pair, append_request(log_entries(2, 4)));
  EXPECT_FALSE(find_flow(cookie_of(pair.client)));
  EXPECT_FALSE(find_flow(cookie_of(pair.server))) << "no HTTP has left: no record";
}

// A new configuration moves the port; connections that exist stay what they are.
TEST_F(ReplicationTest, new_ports_for_new_connections) {
  const Fd other = listen_on();
  attach(knobs());
  const Pair before = connect_pair(listener_);
  source_->set_shards(
      {{.identity = {}, .client_ports = {}, .replication_ports = {port_of(other)}}});
  const Pair moved = connect_pair(other), left = connect_pair(listener_);
  const std::string append = append_request(log_entries(2, 4));
  for (const Pair* pair : {&before, &moved, &left}) request(*pair, append);
  expect_rpcs(before, read_requests(append), {});
  expect_rpcs(moved, read_requests(append), {});
  EXPECT_FALSE(find_flow(cookie_of(left.client)));
  EXPECT_FALSE(find_flow(cookie_of(left.server)));
}

// The clients of the same node are counted beside.
TEST_F(ReplicationTest, websocket_beside_replication) {
  attach(knobs());
  const Fd front = listen_on();
  const Pair clients = upgraded_pair(front), nodes = connect_pair(listener_);
  const std::string append = append_request(log_entries(2, 4));
  request(nodes, append);
  send_messages(clients.server, 25, 100);
  EXPECT_EQ(events_out(clients.server), 25U);
  EXPECT_FALSE(find_flow(cookie_of(clients.client)));
  expect_rpcs(nodes, read_requests(append), {});
}

}  // namespace
}  // namespace fanfare::test
