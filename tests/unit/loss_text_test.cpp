// SPDX-License-Identifier: Apache-2.0
// Each reason of bpf/abi.h has a name, a unit and a sentence, and the name is the enumerator's.
#include "agent/kernel/loss_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <utility>

namespace fanfare {
namespace {

#define LOSS(name) std::pair<unsigned, std::string>(FANFARE_LOSS_##name, #name)

// Written by hand a second time, because that is what a rename or a shift must collide with.
const std::array<std::pair<unsigned, std::string>, FANFARE_LOSS_COUNT> enumerators{{
    LOSS(NONE),          LOSS(FLOW_MAP_FULL),    LOSS(HEADER),          LOSS(PAYLOAD),
    LOSS(EGRESS_HOLE),   LOSS(INGRESS_HOLE),     LOSS(INGRESS_RACE),    LOSS(BAD_FRAME),
    LOSS(FRAME_BUDGET),  LOSS(FALSE_LOCK),       LOSS(SEARCH_GIVEN_UP), LOSS(HEAD_TOO_LONG),
    LOSS(MPTCP),         LOSS(BAD_RPC),          LOSS(RPC_BUDGET),      LOSS(IDENTITIES_FULL),
    LOSS(COMPRESSED),    LOSS(UNREAD),           LOSS(BAD_HTTP),        LOSS(HTTP_UNPAIRED),
    LOSS(HTTP_PIPELINE), LOSS(AFTER_CLOSE),      LOSS(UNATTACHED),      LOSS(AGENT_ABSENT),
    LOSS(NOT_A_PEER),    LOSS(EVENTS_OVERTAKEN),
}};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST(LossText, EachReasonHasTheNameOfItsEnumerator) {
  for (const auto& [value, name] : enumerators) {
    ASSERT_FALSE(name.empty()) << "a reason of bpf/abi.h is missing in this test's list";
    EXPECT_EQ(loss_text(value).name, lower(name));
    EXPECT_EQ(loss_text(value).loss, value);
  }
}

TEST(LossText, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (const LossText& text : loss_texts()) {
    names.insert(text.name);
  }
  EXPECT_EQ(names.size(), std::size_t{FANFARE_LOSS_COUNT});
}

TEST(LossText, UnitsAreThoseOfTheMetricsHelp) {
  const std::set<std::string_view> units{"sockets", "segments", "messages",
                                         "events",  "times",    "seconds"};
  for (const LossText& text : loss_texts()) {
    EXPECT_TRUE(units.contains(text.unit)) << text.name << ": " << text.unit;
  }
}

TEST(LossText, SentencesAreSentencesWithARemedy) {
  for (const LossText& text : loss_texts()) {
    const std::string sentence(text.sentence);
    EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence.front()))) << sentence;
    EXPECT_EQ(sentence.back(), '.') << sentence;
    // Cause; remedy. Or cause. Remedy.
    const bool two_parts =
        sentence.find("; ") != std::string::npos || sentence.find(". ") != std::string::npos;
    EXPECT_TRUE(two_parts || text.loss == FANFARE_LOSS_NONE) << sentence;
  }
}

TEST(LossText, AnUnknownReasonIsNone) {
  EXPECT_EQ(loss_text(FANFARE_LOSS_COUNT).name, "none");
  EXPECT_EQ(loss_text(4000000000U).name, "none");
}

}  // namespace
}  // namespace fanfare
