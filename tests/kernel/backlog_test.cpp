#include "tests/kernel/kernel_test.h"
namespace fanfare::test { namespace {
class BacklogTest : public KernelTest {};
TEST_F(BacklogTest, waiting_in_the_accept_queue) {
  const Fd listener = listen_on();
  Pair pair; pair.client = connect_to({.port = port_of(listener)});
  attach();
  pair.server = accept_from(listener);
  send_all(pair.server, upgrade_head());
  send_messages(pair.server, 30, 30);
  EXPECT_EQ(events_out(pair.server), 30U);
}
// body of a response that looks like a 101
TEST_F(BacklogTest, fake_101_in_a_body) {
  attach();
  const Fd listener = listen_on();
  Pair pair = connect_pair(listener);
  send_all(pair.server, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
  send_all(pair.server, upgrade_head());
  send_messages(pair.server, 30, 30);
  EXPECT_EQ(events_out(pair.server), 0U);
}
} }
