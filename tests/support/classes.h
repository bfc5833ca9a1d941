// SPDX-License-Identifier: Apache-2.0
// Sub-protocols for tests: what the messages of a stream are told to be, whole and in any pieces.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kernel/class_rules.h"
#include "agent/replay/walk.h"
#include "tests/support/counts.h"
#include "tests/support/dice.h"
#include "tests/support/frames.h"
#include "tests/support/stream_feeder.h"

namespace fanfare::test {

// How classes are told, from which direction.
struct Telling {
  explicit Telling(Subprotocol protocol) { classes.events = protocol; }
  explicit Telling(Classes own) : classes(std::move(own)) {}
  Classes classes{};
};

struct Said {
  unsigned opcode;
  std::string payload;
};

// One direction of a connection whose classes are told, from its first frame on.
class Teller {
 public:
  explicit Teller(const Telling& telling, unsigned flags = 0)
      : rule_(class_rule_of(telling.classes)), direction_(in_step(flags)) {
    direction_.client_rule = FANFARE_RULE_CLASSES;
    classes_.rule = &rule_;
  }

  void segment(std::string_view bytes) {
    losses_ += feed(direction_, {seq_, bytes}, boundless, {.classes = &classes_}).count;
    seq_ += static_cast<std::uint32_t>(bytes.size());
  }

  void pieces(std::string_view stream, std::size_t longest, std::uint64_t seed) {
    Dice dice(seed);
    while (!stream.empty()) {
      const auto piece = stream.substr(0, dice.between(1, longest));
      segment(piece);
      stream.remove_prefix(piece.size());
    }
  }

  void hole(std::size_t bytes) { seq_ += static_cast<std::uint32_t>(bytes); }

  ClassCounts counted() const { return class_counts(direction_); }
  const fanfare_direction& direction() const { return direction_; }
  std::uint64_t compressed() const { return classes_.compressed; }
  std::uint64_t unread() const { return classes_.unread; }
  std::uint64_t losses() const { return losses_; }  // of frames

 private:
  fanfare_class_rule rule_;
  fanfare_direction direction_;
  ToldClasses classes_;
  std::uint32_t seq_ = 1000;
  std::uint64_t losses_ = 0;
};

inline unsigned only_class(const ClassCounts& counts) {
  unsigned found = FANFARE_CLASS_COUNT;
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < FANFARE_CLASS_COUNT; ++i) {
    if (counts.messages[i]) found = i;
    sum += counts.messages[i];
  }
  EXPECT_EQ(sum, 1U);
  return found;
}

// What a message is told to be that comes alone.
inline unsigned class_of(const Telling& telling, const std::string& payload, unsigned opcode = text,
                         unsigned flags = 0) {
  Teller teller(telling, flags);
  teller.segment(
      wire({.opcode = opcode, .payload = payload, .masked = (flags & FANFARE_MASKED) != 0}));
  EXPECT_EQ(teller.losses() + teller.compressed() + teller.unread(), 0U) << payload;
  return only_class(teller.counted());
}

inline ClassCounts sum_alone(const Telling& telling, const std::vector<Said>& said,
                             unsigned flags) {
  Teller teller(telling, flags);
  for (const auto& [opcode, payload] : said)
    teller.segment(
        wire({.opcode = opcode, .payload = payload, .masked = (flags & FANFARE_MASKED) != 0}));
  return teller.counted();
}

// The stream of these messages gives the counts that they have one segment each: whole, byte by
// byte, in random pieces, in fragments with pings between, both ways.
inline void expect_same_in_any_pieces(const Telling& telling, const std::vector<Said>& said) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    const bool masked = seed % 2 == 1;
    const unsigned flags = masked ? unsigned{FANFARE_MASKED} : 0U;
    auto expected = sum_alone(telling, said, flags);
    StreamBuilder stream;
    for (const auto& [opcode, payload] : said)
      stream.message(payload, {.opcode = opcode,
                               .fragment = seed < 4 ? SIZE_MAX : dice.between(1, 300),
                               .masked = masked,
                               .empty_end = dice.one_in(2),
                               .pings_between = seed >= 8});
    expected.messages[FANFARE_CONTROL] = stream.truth().controls;
    expected.bytes[FANFARE_CONTROL] = stream.truth().control_bytes;
    for (const std::size_t longest : {std::size_t{1}, std::size_t{7}, std::size_t{90}, SIZE_MAX}) {
      SCOPED_TRACE(longest);
      Teller teller(telling, flags);
      if (longest == SIZE_MAX)
        teller.segment(stream.bytes());
      else
        teller.pieces(stream.bytes(), longest, seed);
      EXPECT_EQ(teller.counted(), expected);
      EXPECT_EQ(teller.losses() + teller.compressed() + teller.unread(), 0U);
    }
  }
}

}  // namespace fanfare::test
