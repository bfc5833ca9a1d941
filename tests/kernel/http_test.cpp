// SPDX-License-Identifier: Apache-2.0
// Servers that are not WebSocket, or become so late: what is not ours is let go and costs nothing
// more, not even a record; what upgrades is counted from its 101.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tests/kernel/kernel_test.h"
#include "tests/support/dice.h"
#include "tests/support/payloads.h"

namespace fanfare::test {
namespace {

class HttpTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    attach();
    listener_ = listen_on();
    pair_ = connect_pair(listener_);
  }

  void request_and_respond(const std::string& response) {
    const std::string request = "GET / HTTP/1.1\r\nHost: chat\r\n\r\n";
    send_all(pair_.client, request);
    receive(pair_.server, request.size());
    send_all(pair_.server, response);
    expect_same_bytes(receive(pair_.client, response.size()), response);
  }

  std::string page(std::size_t size) {
    return head("HTTP/1.1 200 OK", {"Content-Length: " + std::to_string(size)}) +
           std::string(size, 'p');
  }

  void expect_no_record(const Fd& socket) {
    wait_until_sent(socket);
    EXPECT_FALSE(find_flow(cookie_of(socket)));
  }
  // Its port costs no lookup any more; a record that it had is deleted by two reads.
  void expect_let_go(const Fd& socket) {
    wait_until_sent(socket);
    EXPECT_EQ(watched_port(port_of(listener_)), 0U);
    for (int i = 0; i < 3; ++i) read();
    EXPECT_FALSE(find_flow(cookie_of(socket)));
  }

  Fd listener_;
  Pair pair_;
};

// A server may write an interim head and the 101 at once, frames behind them too.
TEST_F(HttpTest, upgraded_behind_an_interim_head) {
  const std::string interim = head("HTTP/1.1 103 Early Hints", {"Link: </a.css>"});
  request_and_respond(head("HTTP/1.1 100 Continue", {}) + interim + upgrade_head() +
                      wire({text, "at once"}));
  EXPECT_EQ(events_out(pair_.server), 1U);
  pair_ = connect_pair(listener_);
  request_and_respond(page(1000));
  request_and_respond(interim + upgrade_head());
  send_messages(pair_.server, 40, 200);
  EXPECT_EQ(events_out(pair_.server), 40U);
}

TEST_F(HttpTest, kept_alive_and_upgraded_later) {
  for (int i = 0; i < 20; ++i) request_and_respond(page(static_cast<std::size_t>(i) * 1000));
  expect_no_record(pair_.server);
  request_and_respond(upgrade_head());
  send_messages(pair_.server, 40, 200);
  EXPECT_EQ(events_out(pair_.server), 40U);
  send_all(pair_.client, wire({text, "hello", true, 0, true}));
  receive(pair_.server, 11);
  EXPECT_EQ(flow(pair_.server).in.tally.by_class[FANFARE_EVENT].messages, 1U);
}

TEST_F(HttpTest, http_only) {
  for (int i = 0; i < 20; ++i) request_and_respond(page(50000));
  expect_no_record(pair_.server);
  EXPECT_EQ(watched_port(port_of(listener_)), 1U) << "it may still upgrade";
  close_by_reset(std::move(pair_.server));
  EXPECT_EQ(watched_port(port_of(listener_)), 0U);
}

TEST_F(HttpTest, plain_tcp_is_dismissed_at_its_first_word) {
  EXPECT_EQ(watched_port(port_of(listener_)), 1U);
  send_all(pair_.server, "220 mail.example ESMTP\r\n");
  expect_let_go(pair_.server);
  send_messages(pair_.server, 30, 30);
  EXPECT_FALSE(find_flow(cookie_of(pair_.server)));
}

TEST_F(HttpTest, plain_tcp_is_not_adopted_after_its_dismissal) {
  send_all(pair_.server, "220 mail.example ESMTP\r\n");
  wait_until_sent(pair_.server);
  for (const int seconds : {0, 0, 4, 4, 31, 31, 31}) read_after(std::chrono::seconds(seconds));
  EXPECT_FALSE(find_flow(cookie_of(pair_.server)));
  EXPECT_EQ(watched_port(port_of(listener_)), 0U);
}

TEST_F(HttpTest, answer_of_another_protocol_by_bytes) {
  for (const char byte : {'\x16', '\0', '{', '+', 'S', 'h'}) {
    const Pair pair = connect_pair(listener_);
    send_all(pair.server, std::string(1, byte));
    expect_no_record(pair.server);
    EXPECT_EQ(watched_port(port_of(listener_)), 1U) << "of pair_ alone";
  }
}

// h2c and other upgrades are no WebSocket: their frames are not ours.
TEST_F(HttpTest, a_101_without_websocket) {
  send_all(pair_.server,
           head("HTTP/1.1 101 Switching Protocols", {"Upgrade: h2c", "Connection: Upgrade"}));
  send_messages(pair_.server, 30, 30);
  expect_no_record(pair_.server);
}

TEST_F(HttpTest, websocket_named_without_a_101) {
  send_all(pair_.server,
           head("HTTP/1.1 426 Upgrade Required", {"Upgrade: websocket", "Connection: Upgrade"}));
  send_messages(pair_.server, 30, 30);
  expect_no_record(pair_.server);
}

TEST_F(HttpTest, head_of_any_case_and_order) {
  send_all(pair_.server, head("HTTP/1.1 101 Whatever", {"SEC-WEBSOCKET-ACCEPT: x",
                                                        "connection: "
                                                        "upgrade",
                                                        "UPGRADE:WebSocket"}));
  send_messages(pair_.server, 30, 30);
  EXPECT_EQ(events_out(pair_.server), 30U);
}

TEST_F(HttpTest, long_head_that_is_still_read) {
  const std::string cookie = "Set-Cookie: " + std::string(15000, 'c');
  send_all(pair_.server, head("HTTP/1.1 101 Switching Protocols", {cookie, "Upgrade: websocket"}));
  send_messages(pair_.server, 30, 30);
  EXPECT_EQ(events_out(pair_.server), 30U);
}

TEST_F(HttpTest, head_that_is_too_long) {
  const std::string cookie = "Set-Cookie: " + std::string(2 * FANFARE_HEAD_MAX, 'c');
  send_all(pair_.server, head("HTTP/1.1 101 Switching Protocols", {cookie, "Upgrade: websocket"}));
  send_messages(pair_.server, 30, 30);
  EXPECT_EQ(counts(flow(pair_.server).out), Counts{});
  expect_let_go(pair_.server);
  expect_loss(FANFARE_LOSS_HEAD_TOO_LONG, 1);
}

// With deferred accepts the request arrives under the listener's cookie; nothing of it is needed.
TEST_F(HttpTest, deferred_accept) {
  const Fd listener = listen_on();
  set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5);
  Pair pair;
  pair.client = connect_to({.port = port_of(listener)});
  const std::string request = "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
  send_all(pair.client, request);
  pair.server = accept_from(listener);
  receive(pair.server, request.size());
  send_all(pair.server, upgrade_head());
  receive(pair.client, upgrade_head().size());
  const std::string hello = wire({text, "hello", true, 0, true});
  send_all(pair.client, hello);
  receive(pair.server, hello.size());
  send_messages(pair.server, 30, 30);
  EXPECT_EQ(events_out(pair.server), 30U);
  EXPECT_EQ(flow(pair.server).in.tally.by_class[FANFARE_EVENT].messages, 1U);
}

// Informational responses may stand before the 101.
TEST_F(HttpTest, early_hints_before_the_101) {
  send_all(pair_.server, "HTTP/1.1 103 Early Hints\r\nLink: </app.js>\r\n\r\n");
  send_all(pair_.server, upgrade_head());
  send_messages(pair_.server, 30, 30);
  EXPECT_EQ(events_out(pair_.server), 30U);
}

}  // namespace
}  // namespace fanfare::test
