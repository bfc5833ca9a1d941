// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/proc_net.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace fanfare {
namespace {

// As the kernel prints it: a listener, two connections to port 8080 (0x1F90), one from it to 8081.
constexpr std::string_view table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0\n"
    "   1: 0100007F:1F90 0100007F:D2F4 01 00000000:00000000 00:00000000 00000000     0        0\n"
    "   2: 0100007F:1F90 0100007F:D2F5 01 00000000:00000000 02:00000000 00000000     0        0\n"
    "   3: 0100007F:1F90 0100007F:D2F6 06 00000000:00000000 02:00000000 00000000     0        0\n"
    "   4: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 02:00000000 00000000     0        0\n";

TEST(ProcNet, CountsEstablishedConnectionsOfTheLocalPort) {
  EXPECT_EQ(established_in(table, 8080), 2U);
  EXPECT_EQ(established_in(table, 8081), 1U);
  EXPECT_EQ(established_in(table, 80), 0U);
}

TEST(ProcNet, RubbishIsNoConnection) {
  for (const std::string_view text : {"", "\n\n", "x", "0: :1F90", "  1: a:1F90 b 0"})
    EXPECT_EQ(established_in(text, 8080), 0U) << text;
}

TEST(ProcNet, OneThatIsNotThereIsUnknown) {
  EXPECT_FALSE(established_connections(4194305, 8080));  // above the highest pid
  EXPECT_TRUE(established_connections(static_cast<std::uint32_t>(::getpid()), 9));
}

}  // namespace
}  // namespace fanfare
