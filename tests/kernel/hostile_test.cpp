// SPDX-License-Identifier: Apache-2.0
// Bytes that are not what they should be: no wrong count, a named loss, and the traffic goes
// through untouched. HTTP that is not WebSocket is in http_test.cpp.
#include <sys/socket.h>

#include <cerrno>

#include "tests/kernel/kernel_test.h"
#include "tests/support/decode.h"
#include "tests/support/dice.h"
#include "tests/support/foreign.h"

namespace fanfare::test {
namespace {

using namespace std::string_literals;

class HostileTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
  }

  // Through the hooks and out again, byte for byte.
  void expect_passed(const Fd& from, const Fd& to, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += 8000) {
      send_all(from, std::string_view(bytes).substr(at, 8000));
      const auto size = std::min<std::size_t>(8000, bytes.size() - at);
      expect_same_bytes(receive(to, size), bytes.substr(at, size));
    }
  }

  Fd listener_;
};

// Each stands where a header is due, after three good messages.
const std::string illegal_frames[] = {
    "\x91\x01x"s,                   // RSV3
    "\xa1\x01x"s,                   // RSV2
    "\xc1\x01x"s,                   // RSV1 without permessage-deflate
    "\x83\x01x"s,                   // reserved data opcode
    "\x8b\x01x"s,                   // reserved control opcode
    "\x09\x01x"s,                   // fragmented ping
    "\x89\x7e\x00\x7e"s,            // ping of 126 bytes
    "\x81\x81\x01\x02\x03\x04x"s,   // masked by a server
    "\x80\x01x"s,                   // continuation of nothing
    "\x81\x7f\x80\0\0\0\0\0\0\0"s,  // 64-bit length with its top bit set
    "HTTP/1.1 500 Internal Server Error"s,
    "panic: runtime error\n"s,
};

TEST_F(HostileTest, illegal_frames_put_out_of_step) {
  for (const auto& illegal : illegal_frames) {
    const Pair pair = upgraded_pair(listener_);
    send_messages(pair.server, 3, 10);
    receive(pair.client, 3 * 12);
    expect_passed(pair.server, pair.client, illegal);
    const auto record = flow(pair.server);
    EXPECT_EQ(record.out.stage, FANFARE_STAGE_SEARCH) << testing::PrintToString(illegal);
    EXPECT_EQ(record.out.lost_by, FANFARE_LOSS_BAD_FRAME) << testing::PrintToString(illegal);
    EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 3U);
  }
  expect_loss(FANFARE_LOSS_BAD_FRAME, std::size(illegal_frames));
}

// A data frame while another message is open.
TEST_F(HostileTest, new_message_inside_a_message) {
  const Pair pair = upgraded_pair(listener_);
  send_all(pair.server, wire({text, "begun", false}) + wire({text, "another"}));
  EXPECT_EQ(flow(pair.server).out.lost_by, FANFARE_LOSS_BAD_FRAME);
  EXPECT_EQ(events_out(pair.server), 0U);
  expect_loss(FANFARE_LOSS_BAD_FRAME, 1);
}

// A length that never comes: nothing more can be counted, and nothing is.
TEST_F(HostileTest, length_without_end) {
  const Pair pair = upgraded_pair(listener_);
  send_messages(pair.server, 3, 10);
  receive(pair.client, 3 * 12);
  expect_passed(pair.server, pair.client, header({binary}, INT64_MAX));
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += wire({text, "inside"});
  expect_passed(pair.server, pair.client, bytes);
  EXPECT_EQ(events_out(pair.server), 3U);
}

TEST_F(HostileTest, foreign_protocols_after_the_101) {
  for (const auto make :
       {tls_records, http_bodies, postgres_rows, http2_frames, random_bytes, samples}) {
    Dice dice(7);
    const Pair pair = upgraded_pair(listener_);
    send_messages(pair.server, 3, 10);
    receive(pair.client, 3 * 12);
    const std::string bytes = "\xff\xff" + make(dice);
    expect_passed(pair.server, pair.client, bytes);
    expect_passed(pair.client, pair.server, bytes);
    const auto record = flow(pair.server);
    EXPECT_EQ(record.out.tally.by_class[FANFARE_EVENT].messages, 3U);
    EXPECT_EQ(record.in.tally.by_class[FANFARE_EVENT].messages, 0U);
    EXPECT_EQ(record.out.stage, FANFARE_STAGE_SEARCH);
  }
  expect_loss(FANFARE_LOSS_BAD_FRAME, 12);  // once in each direction of each
}

TEST_F(HostileTest, random_bytes_both_ways) {
  Dice dice(8);
  for (int i = 0; i < 50; ++i) {
    const Pair pair = connect_pair(listener_);
    expect_passed(pair.client, pair.server, dice.bytes(dice.between(1, 20000)));
    expect_passed(pair.server, pair.client, dice.bytes(dice.between(1, 20000)));
    expect_passed(pair.client, pair.server, dice.bytes(dice.between(1, 20000)));
    if (const auto found = find_flow(cookie_of(pair.server))) {
      EXPECT_EQ(counts(found->out), Counts{});
      EXPECT_EQ(counts(found->in), Counts{});
    }
  }
}

// A client that does not mask breaks the protocol; what the server sends is counted all the same.
TEST_F(HostileTest, unmasked_client) {
  const Pair pair = upgraded_pair(listener_);
  const std::string good = wire({text, "good", true, 0, true});
  expect_passed(pair.client, pair.server, good + wire({text, "bad"}) + good);
  send_messages(pair.server, 30, 10);
  receive(pair.client, 30 * 12);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 1U);
  EXPECT_EQ(events_out(pair.server), 30U);
  expect_loss(FANFARE_LOSS_BAD_FRAME, 1);
}

// Some servers send on behind their Close, and no client reads it: no events, none acknowledged.
TEST_F(HostileTest, messages_behind_the_own_close) {
  const Pair pair = upgraded_pair(listener_);
  send_messages(pair.server, 3, 10);
  receive(pair.client, 3 * 12);
  const std::string end = "\x88\x02\x03\xe8"s;
  std::string behind;
  for (int i = 0; i < 2000; ++i) behind += wire({text, "behind"});
  expect_passed(pair.server, pair.client, end + behind);
  const auto out = flow(pair.server);
  EXPECT_EQ(counts(out.out), (Counts{4, 3, 30, 1, 2}));
  EXPECT_EQ(out.acks.written[FANFARE_FATE_EVENT], 3U);
  EXPECT_EQ(out.acks.written[FANFARE_FATE_OTHER], 1U);
  expect_passed(pair.client, pair.server,
                wire({close, "", true, 0, true}) + wire({text, "behind", true, 0, true}));
  EXPECT_EQ(counts(flow(pair.server).in), (Counts{1, 0, 0, 1, 0}));
  expect_loss(FANFARE_LOSS_AFTER_CLOSE, 2001);
}

// Only who has begun to answer like a server of WebSocket has a record.
TEST_F(HostileTest, half_open) {
  std::vector<Fd> clients;
  std::vector<Fd> servers;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(connect_to({.port = port_of(listener_)}));
    servers.push_back(accept_from(listener_));
    if (i % 2) send_all(clients.back(), "GET /chat HTT");
    if (i % 3 == 0) send_all(servers.back(), upgrade_head().substr(0, 40));
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (i % 3 == 0) {
      EXPECT_EQ(counts(flow(servers[i]).out), Counts{});
      EXPECT_EQ(flow(servers[i]).out.stage, FANFARE_STAGE_HEAD);
    } else {
      EXPECT_FALSE(find_flow(cookie_of(servers[i])));
    }
  }
  servers.clear();
  clients.clear();
  for (int i = 0; i < 3; ++i) read();
  EXPECT_EQ(read().cookies.size(), 0U);
  EXPECT_EQ(watched_port(port_of(listener_)), 0U);
}

// Cut at every byte of a short stream: exactly the complete frames have been counted.
TEST_F(HostileTest, reset_at_any_moment) {
  StreamBuilder stream = upgraded_stream();
  stream.message("first");
  stream.message(std::string(130, 'l'), {.fragment = 60, .pings_between = true});
  stream.message("last");
  for (std::size_t cut = 0; cut <= stream.bytes().size(); ++cut) {
    Pair pair = connect_pair(listener_);
    const std::string sent = stream.bytes().substr(0, cut);
    send_all(pair.server, sent);
    expect_same_bytes(receive(pair.client, cut), sent);
    const auto cookie = cookie_of(pair.server);
    close_by_reset(std::move(cut % 2 ? pair.client : pair.server));
    if (cut == 0) {  // nothing has left: nobody's record
      EXPECT_FALSE(find_flow(cookie));
      continue;
    }
    const bool upgraded = cut >= upgrade_head().size();
    const Counts truth = upgraded ? Decoder(after_head(sent)).complete() : Counts{};
    ASSERT_EQ(counts(flow(cookie).out), truth) << "cut at " << cut;
    EXPECT_EQ(flow(cookie).life, FANFARE_CLOSED);
  }
}

}  // namespace
}  // namespace fanfare::test
