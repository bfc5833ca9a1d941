// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_state.h"

#include <algorithm>
#include <utility>

#include "agent/cli/top_list.h"

namespace fanfare::top {
namespace {

constexpr std::size_t frame_rows = 6;       // header, titles and footer: not of the list
constexpr double shortest_look = 0.5;       // seconds; two looks within one tick see the same
constexpr std::size_t longest_filter = 60;  // bytes

std::size_t sort_index(Screen screen, const std::string& key) {
  const auto keys = sort_keys(screen);
  const auto found = std::ranges::find(keys, key);
  return found == keys.end() ? 0 : static_cast<std::size_t>(found - keys.begin());
}

// The cursor stays on its row wherever that has gone; on its place where the row is gone.
void settle(State& state) {
  state.rows = sorted_rows(state);
  List& list = state.list();
  if (state.rows.empty()) return;
  for (std::size_t i = 0; i < state.rows.size(); ++i) {
    if (row_id(state, state.rows[i]) != list.cursor) continue;
    list.cursor_at = i;
    return;
  }
  list.cursor_at = std::min(list.cursor_at, state.rows.size() - 1);
  if (!list.cursor.empty()) list.cursor = row_id(state, state.rows[list.cursor_at]);
}

void go(State& state, std::size_t place) {
  if (state.rows.empty()) return;
  List& list = state.list();
  list.cursor_at = std::min(place, state.rows.size() - 1);
  list.cursor = row_id(state, state.rows[list.cursor_at]);
}

void move(State& state, Key key) {
  const std::size_t at = state.list().cursor_at;
  const std::size_t page = std::max<std::size_t>(state.size.rows, frame_rows + 1) - frame_rows;
  if (state.screen == Screen::help) {  // has no rows: the place is the first line
    std::size_t& line = state.list().cursor_at;
    if (key == Key::up) line -= std::min<std::size_t>(line, 1);
    if (key == Key::down) ++line;
    if (key == Key::home) line = 0;
    return;
  }
  if (key == Key::up) go(state, at - std::min<std::size_t>(at, 1));
  if (key == Key::down) go(state, at + 1);
  if (key == Key::page_up) go(state, at - std::min(at, page));
  if (key == Key::page_down) go(state, at + page);
  if (key == Key::home) go(state, 0);
  if (key == Key::end) go(state, state.rows.size());
}

void show(State& state, Screen screen) {
  state.screen = screen;
  settle(state);
}

void open(State& state, const std::string& shard) {
  if (shard.empty()) return;
  if (state.shard != shard) {
    for (const Screen screen : {Screen::sockets, Screen::peers}) {
      List& list = state.lists[static_cast<std::size_t>(screen)];
      list.filter.clear();
      list.cursor.clear();
      list.cursor_at = 0;
    }
    state.answer.sockets.clear();
    state.answer.peers.clear();
    state.answer.opened.clear();
  }
  state.shard = shard;
  show(state, Screen::sockets);
}

void enter(State& state) {
  if (state.rows.empty()) return;
  const std::size_t row = state.rows[std::min(state.list().cursor_at, state.rows.size() - 1)];
  if (state.screen == Screen::shards) open(state, state.answer.shards[row].name);
  if (state.screen == Screen::alerts) open(state, state.answer.alerts[row].shard);
}

void leave(State& state) {
  if (state.screen == Screen::help) {
    show(state, state.before_help);
  } else if (!state.list().filter.empty()) {
    state.list().filter.clear();
    settle(state);
  } else if (state.screen == Screen::alerts) {
    show(state, state.before_alerts);
  } else {
    state.shard.clear();
    show(state, Screen::shards);
  }
}

void switch_pane(State& state) {
  if (state.screen == Screen::sockets) {
    show(state, Screen::peers);
  } else if (state.screen == Screen::peers) {
    show(state, Screen::sockets);
  }
}

void show_alerts(State& state) {
  if (state.screen == Screen::alerts) return show(state, state.before_alerts);
  state.before_alerts = state.screen == Screen::help ? state.before_help : state.screen;
  show(state, Screen::alerts);
}

void show_help(State& state) {
  if (state.screen == Screen::help) return show(state, state.before_help);
  state.before_help = state.screen;
  state.lists[static_cast<std::size_t>(Screen::help)].cursor_at = 0;
  show(state, Screen::help);
}

void sort_by(State& state, std::size_t step) {
  const std::size_t keys = sort_keys(state.screen).size();
  if (keys == 0) return;
  state.list().sort = (state.list().sort + step) % keys;
  state.list().reversed = false;
  settle(state);
}

void character(State& state, const std::string& text) {
  const std::size_t back = std::max<std::size_t>(sort_keys(state.screen).size(), 1) - 1;
  if (text == "q") state.ended = true;
  if (text == "j") move(state, Key::down);
  if (text == "k") move(state, Key::up);
  if (text == "g") move(state, Key::home);
  if (text == "G") move(state, Key::end);
  if (text == "h" || text == "?") show_help(state);
  if (text == "a") show_alerts(state);
  if (text == "p" || text == " ") state.paused = !state.paused;
  if (state.screen == Screen::help) return;
  if (text == "/") state.typing = true;
  if (text == "s" || text == ">") sort_by(state, 1);
  if (text == "S" || text == "<") sort_by(state, back);
  if (text == "r") state.list().reversed = !state.list().reversed;
  if (text == "t") state.totals = !state.totals;
  if (text == "r" || text == "t") settle(state);
}

void type(State& state, const Press& press) {
  std::string& filter = state.list().filter;
  if (press.key == Key::enter) state.typing = false;
  if (press.key == Key::escape) {
    state.typing = false;
    filter.clear();
  }
  if (press.key == Key::backspace && !filter.empty()) {
    while (filter.size() > 1 && (static_cast<unsigned char>(filter.back()) & 0xc0) == 0x80)
      filter.pop_back();
    filter.pop_back();
  }
  if (press.key == Key::character && filter.size() + press.text.size() <= longest_filter)
    filter += press.text;
  settle(state);
}

// What is counted now against the look before.
struct Span {
  bool fresh = true;   // the kernel has been read since
  double seconds = 0;  // between the readings; 0: there was no look before
};

// Rates since the look before; where this look sees the same tick, the rates that it had.
template <typename Row, typename Key>
void add_rate(Row& row, const Key& key, const State::Counts& now, Span span,
              const std::map<Key, State::Counts>& before, std::map<Key, State::Counts>& after) {
  State::Counts counts = now;
  const auto found = before.find(key);
  const bool known = found != before.end();
  if (known && !span.fresh) {
    counts = found->second;
  } else if (known && span.seconds > 0 && now.out >= found->second.out &&
             now.in >= found->second.in) {
    counts.out_per_second = static_cast<double>(now.out - found->second.out) / span.seconds;
    counts.in_per_second = static_cast<double>(now.in - found->second.in) / span.seconds;
  }
  row.out_per_second = counts.out_per_second;
  row.in_per_second = counts.in_per_second;
  if (span.fresh) after[key] = counts;
}

void add_rates(State& state) {
  Answer& answer = state.answer;
  State::Look look;
  look.opened = answer.opened;
  look.taken = answer.asked - answer.snapshot_age_seconds.value_or(0);
  const bool same = state.before && state.before->opened == look.opened;
  const State::Look before = same ? std::move(*state.before) : State::Look{};
  Span span{.fresh = true, .seconds = same ? look.taken - before.taken : 0};
  span.fresh = !same || span.seconds >= shortest_look;
  for (Socket& socket : answer.sockets)
    add_rate(socket, socket.cookie, {socket.out, socket.in, {}, {}}, span, before.sockets,
             look.sockets);
  for (Peer& peer : answer.peers)
    add_rate(peer, peer.name, {peer.entries_out, peer.entries_in, {}, {}}, span, before.peers,
             look.peers);
  if (!span.fresh) look = before;
  state.before = std::move(look);
}

// Of one shard, where one is open; else of all.
void take_past(Past& past, Past taken, const std::string& opened) {
  if (opened.empty()) {
    past = std::move(taken);
    return;
  }
  past.now = taken.now;
  past.step_seconds = taken.step_seconds;
  past.shards[opened] = std::move(taken.shards[opened]);
}

}  // namespace

State new_state() {
  State state;
  const auto list = [&](Screen screen, const std::string& key) {
    state.lists[static_cast<std::size_t>(screen)].sort = sort_index(screen, key);
  };
  list(Screen::shards, "propagation");
  list(Screen::sockets, "out");
  list(Screen::peers, "peer");
  list(Screen::alerts, "severity");
  return state;
}

State pressed(State state, const Press& press) {
  if (state.typing) {
    type(state, press);
    return state;
  }
  switch (press.key) {
    case Key::character:
      character(state, press.text);
      break;
    case Key::enter:
      enter(state);
      break;
    case Key::escape:
    case Key::backspace:
      leave(state);
      break;
    case Key::tab:
      switch_pane(state);
      break;
    case Key::none:
      break;
    default:
      move(state, press.key);
  }
  return state;
}

State answered(State state, Answer answer) {
  state.trouble.clear();
  if (answer.past) take_past(state.past, std::move(*answer.past), answer.opened);
  answer.past.reset();
  // An answer about a shard that has been left since says nothing of the one that is open.
  if (answer.opened != state.shard) {
    answer.opened.clear();
    answer.sockets.clear();
    answer.peers.clear();
  }
  state.answer = std::move(answer);
  if (!state.answer.opened.empty()) add_rates(state);
  settle(state);
  return state;
}

State failed(State state, const std::string& why, double now) {
  if (state.trouble.empty()) state.trouble_since = now;
  state.trouble = why;
  state.before.reset();  // a rate across the gap would be of two agents
  return state;
}

State resized(State state, Size size) {
  state.size = size;
  return state;
}

State opened(State state, const std::string& shard) {
  open(state, shard);
  return state;
}

State sorted(State state, const std::string& key) {
  state.lists[static_cast<std::size_t>(Screen::shards)].sort = sort_index(Screen::shards, key);
  settle(state);
  return state;
}

}  // namespace fanfare::top
