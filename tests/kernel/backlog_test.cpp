// SPDX-License-Identifier: Apache-2.0
// Connections that wait in the accept queue while the agent starts: no process holds them yet.
#include <thread>

#include "tests/kernel/kernel_test.h"

namespace fanfare::test {
namespace {

using namespace std::chrono_literals;

class BacklogTest : public KernelTest {};

TEST_F(BacklogTest, are_met_by_a_later_look_and_counted_from_their_lock_on) {
  const Fd listener = listen_on();
  Pair pair;
  pair.client = connect_to({.port = port_of(listener)});
  attach();
  pair.server = accept_from(listener);
  send_all(pair.server, upgrade_head());
  read_after(4s);
  std::this_thread::sleep_for(100ms);  // the silence after which a segment starts a frame
  send_messages(pair.server, 30, 30);
  EXPECT_EQ(events_out(pair.server), 30U);
}

}  // namespace
}  // namespace fanfare::test
