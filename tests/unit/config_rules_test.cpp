// SPDX-License-Identifier: Apache-2.0
// Which of two shards gets a socket that fits both, as a table. How a contest is refused in a file
// is in config_test.cpp.
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "agent/config/config_rules.h"

namespace fanfare {
namespace {

enum class Verdict { contested, first, second, apart };

Verdict verdict(const ShardMatch& a, const ShardMatch& b) {
  if (!can_overlap(a, b)) return Verdict::apart;
  if (is_stricter(a, b)) return Verdict::first;
  return is_stricter(b, a) ? Verdict::second : Verdict::contested;
}

TEST(ConfigRules, TheStricterShardWins) {
  struct Case {
    ShardMatch a, b;
    Verdict verdict;
  };
  const std::vector<Case> cases = {
      {{{80}, "", ""}, {{80}, "", ""}, Verdict::contested},
      {{{80, 81}, "", ""}, {{81, 82}, "", ""}, Verdict::contested},
      {{{80}, "", ""}, {{81}, "", ""}, Verdict::apart},
      {{{80, 90}, "", ""}, {{70, 85, 95}, "", ""}, Verdict::apart},
      {{{80}, "", ""}, {{}, "", "/a"}, Verdict::contested},
      {{{80}, "", "/a"}, {{}, "", "/a"}, Verdict::first},
      {{{80}, "", ""}, {{80, 81}, "", "/a"}, Verdict::second},
      {{{}, "", "/a"}, {{}, "", "/b"}, Verdict::apart},
      {{{80}, "/c", ""}, {{80}, "/c/d", ""}, Verdict::second},
      {{{80}, "/c", ""}, {{80}, "/d", ""}, Verdict::apart},
      {{{80}, "/c", ""}, {{80}, "/cd", ""}, Verdict::apart},
      {{{80}, "/", ""}, {{80}, "", ""}, Verdict::contested},
      {{{80}, "/", ""}, {{80}, "/c", ""}, Verdict::second},
      {{{}, "/c/d", ""}, {{}, "/c", "/a"}, Verdict::contested},
  };
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(verdict(cases[i].a, cases[i].b), cases[i].verdict) << "case " << i;
}

}  // namespace
}  // namespace fanfare
