// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/unheld.h"

#include <gmock/gmock.h>

#include "tests/support/snapshots.h"

namespace fanfare {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SnapshotBuilder;

constexpr std::uint64_t held = 1, forgotten = 2;

// Two idle sockets, one of them held; each call is a new owner scan.
struct Host {
  Snapshot at(Monotonic taken, bool all_processes = true) {
    auto snapshot = SnapshotBuilder()
                        .scanned(all_processes)
                        .flow({.cookie = held})
                        .flow({.cookie = forgotten, .life = life})
                        .holder(held, "/bin/chatd")
                        .build();
    snapshot.taken = taken;
    snapshot.flows[1].in.next_seq = in_seq;
    return snapshot;
  }
  std::vector<std::size_t> tick(Monotonic taken) { return unheld.advance(at(taken)); }

  Unheld unheld;
  fanfare_life life = FANFARE_LIVE;
  std::uint32_t in_seq = 7;
};

TEST(Unheld, AfterADayWithoutAHolderAndWithoutAMove) {
  Host host;
  EXPECT_THAT(host.tick(1h), IsEmpty());
  EXPECT_THAT(host.tick(25h - 1s), IsEmpty());
  EXPECT_THAT(host.tick(25h), ElementsAre(1U));
}

TEST(Unheld, AMoveBeginsTheDayAnew) {
  Host host;
  EXPECT_THAT(host.tick(1h), IsEmpty());
  host.in_seq = 8;
  EXPECT_THAT(host.tick(24h), IsEmpty());
  EXPECT_THAT(host.tick(47h), IsEmpty());
  EXPECT_THAT(host.tick(48h), ElementsAre(1U));
}

TEST(Unheld, WhoWasHeldInBetweenBeginsAnew) {
  Host host;
  EXPECT_THAT(host.tick(1h), IsEmpty());
  auto snapshot = host.at(20h);
  auto owners = *snapshot.owners;
  owners.by_cookie[forgotten] = owners.by_cookie[held];
  snapshot.owners = std::make_shared<Owners>(owners);
  EXPECT_THAT(host.unheld.advance(snapshot), IsEmpty());
  EXPECT_THAT(host.tick(26h), IsEmpty());
  EXPECT_THAT(host.tick(50h), ElementsAre(1U));
}

TEST(Unheld, NotWhatIsOverAlready) {
  Host host;
  host.life = FANFARE_CLOSED;
  host.tick(1h);
  EXPECT_THAT(host.tick(30h), IsEmpty());
}

TEST(Unheld, NothingWithoutANewScanOrWhereProcessesAreHidden) {
  Host host;
  auto snapshot = host.at(1h);
  EXPECT_THAT(host.unheld.advance(snapshot), IsEmpty());
  snapshot.taken = 30h;
  EXPECT_THAT(host.unheld.advance(snapshot), IsEmpty());
  EXPECT_THAT(host.unheld.advance(host.at(31h, false)), IsEmpty());
}

}  // namespace
}  // namespace fanfare
