// SPDX-License-Identifier: Apache-2.0
// What `fanfare top` knows, and how a key or an answer changes it: pure, without a terminal.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/top_data.h"

namespace fanfare::top {

enum class Screen { shards, sockets, peers, alerts, help };
inline constexpr std::size_t screens = 5;

enum class Key {
  none,
  character,  // `text` of the press, one UTF-8 character
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  tab,
  backspace,
};

struct Press {
  Key key = Key::none;
  std::string text;
};

struct Size {
  std::size_t rows = 24;
  std::size_t columns = 80;
  bool operator==(const Size&) const = default;
};

// A list keeps its ways while another is looked at.
struct List {
  std::size_t sort = 0;  // index into sort_keys(screen)
  bool reversed = false;
  std::string filter;         // substring, upper and lower case alike
  std::string cursor;         // id of the row that is chosen, see top_list.h
  std::size_t cursor_at = 0;  // its place, for when the row is gone
};

struct State {
  Screen screen = Screen::shards;
  Screen before_help = Screen::shards;
  Screen before_alerts = Screen::shards;
  std::string shard;  // opened; empty: none
  std::array<List, screens> lists{};
  bool typing = false;  // the filter
  bool totals = false;  // instead of rates
  bool paused = false;
  bool ended = false;
  Size size;

  Answer answer;             // the latest
  Past past;                 // the latest that came
  std::string trouble;       // why the last question had no answer; empty: it had
  double trouble_since = 0;  // seconds, of the asker's clock

  // Of the look before, to make rates of; by cookie, and by name of the peer.
  struct Counts {
    std::uint64_t out = 0, in = 0;
    std::optional<double> out_per_second, in_per_second;
  };
  struct Look {
    std::string opened;
    double taken = 0;  // when the kernel was read, seconds of the asker's clock
    std::map<std::uint64_t, Counts> sockets;
    std::map<std::string, Counts> peers;
  };
  std::optional<Look> before;

  // Rows of the screen in their order, indexes into the answer; kept by the functions below.
  std::vector<std::size_t> rows;

  List& list() { return lists[static_cast<std::size_t>(screen)]; }
  const List& list() const { return lists[static_cast<std::size_t>(screen)]; }
};

// Before the first answer: shards, the worst first.
State new_state();
// As --shard and --sort ask for it.
State opened(State state, const std::string& shard);
State sorted(State state, const std::string& key);

State pressed(State state, const Press& press);
State answered(State state, Answer answer);
// There was no answer. `now` in seconds of the asker's clock.
State failed(State state, const std::string& why, double now);
State resized(State state, Size size);

}  // namespace fanfare::top
