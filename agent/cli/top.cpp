// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <utility>

#include "agent/cli/escape.h"
#include "agent/cli/top_asker.h"
#include "agent/cli/top_layout.h"
#include "agent/cli/top_terminal.h"

namespace fanfare {
namespace {

using namespace top;
using namespace std::chrono_literals;

constexpr auto key_patience = 100ms;   // an answer waits no longer for the screen
constexpr double repaint_seconds = 1;  // ages grow

State first_state(const TopCommand& command) {
  State state = new_state();
  if (command.sort) state = sorted(std::move(state), *command.sort);
  if (command.shard) state = opened(std::move(state), *command.shard);
  return state;
}

std::string trimmed(std::string body) {
  while (!body.empty() && body.back() == '\n') body.pop_back();
  return body;
}

int print_json(const TopCommand& command, std::ostream& out) {
  const auto bodies = ask_bodies(command.admin, {.opened = command.shard.value_or("")});
  const Answer answer = read_answer(bodies, command.shard.value_or(""));
  out << R"({"status":)" << trimmed(bodies.status) << R"(,"history":)" << trimmed(bodies.past);
  if (command.shard)
    out << R"(,"sockets":)" << trimmed(bodies.sockets) << R"(,"peers":)" << trimmed(bodies.peers);
  out << "}\n";
  return firing(answer) == 0 && answer.ready ? exit_fine : exit_finding;
}

int print_once(const TopCommand& command, const Look& look, std::ostream& out, std::ostream& err) {
  if (command.output == Output::json) return print_json(command, out);
  State state = first_state(command);
  auto answer = ask(command.admin, {.opened = state.shard});
  state = answered(std::move(state), std::move(answer));
  const bool known =
      state.shard.empty() || std::ranges::find(state.answer.shards, state.shard, &Shard::name) !=
                                 state.answer.shards.end();
  if (!known) {
    err << fmt::format("fanfare: the agent knows no shard \"{}\"; fanfare shards lists them\n",
                       terminal_safe(state.shard));
    return exit_finding;
  }
  const Looks looks{.ascii = command.ascii || !shows_utf8(), .now = steady_seconds()};
  for (const Line& line : plain_screen(state, look.columns, looks)) {
    std::string text;
    for (const Span& span : line) text += painted(span.text, span.style.tone, look);
    out << text.substr(0, text.find_last_not_of(' ') + 1) << '\n';
  }
  return firing(state.answer) == 0 && state.answer.ready ? exit_fine : exit_finding;
}

State take(State state, Outcome outcome) {
  if (auto* answer = std::get_if<Answer>(&outcome))
    return answered(std::move(state), std::move(*answer));
  return failed(std::move(state), std::get<std::string>(outcome), steady_seconds());
}

// Until q or a signal, which is returned; 0 for q.
int live(const TopCommand& command, const Look& look, State state) {
  const bool ascii = command.ascii || !shows_utf8();
  Asker asker(command.admin, command.interval_seconds);
  Terminal terminal(look.color);
  double painted_at = 0;
  while (!state.ended && !terminal.ended()) {
    const double now = steady_seconds();
    if (!state.paused || state.answer.opened != state.shard) asker.ask_when_due(state.shard, now);
    bool changed = now - painted_at >= repaint_seconds;
    if (auto outcome = asker.outcome()) {
      state = take(std::move(state), std::move(*outcome));
      changed = true;
    }
    state = resized(std::move(state), terminal.size());
    if (changed) {
      terminal.paint(layout(state, {.ascii = ascii, .now = now}));
      painted_at = now;
    }
    const Press press = terminal.press(key_patience);
    if (press.key == Key::none && state.size == terminal.size()) continue;
    state = pressed(resized(std::move(state), terminal.size()), press);
    painted_at = 0;
  }
  return terminal.signal();
}

}  // namespace

int run_top(const TopCommand& command, const Look& look, std::ostream& out, std::ostream& err) {
  if (command.once) return print_once(command, look, out, err);
  if (look.columns == 0 || ::isatty(STDIN_FILENO) != 1) {
    err << "fanfare: the live view needs a terminal; take one screen with \"fanfare top --once\"\n";
    return exit_usage;
  }
  State state = first_state(command);
  auto answer = ask(command.admin, {.opened = state.shard});
  state = answered(std::move(state), std::move(answer));
  try {
    const int signal = live(command, look, std::move(state));
    if (signal == 0 || signal == SIGINT) return exit_fine;
    std::signal(signal, SIG_DFL);  // who sent it shall see that it worked
    std::raise(signal);
  } catch (const UnfitTerminal& unfit) {
    err << "fanfare: " << unfit.what() << '\n';
    return exit_usage;
  }
  return exit_fine;
}

}  // namespace fanfare
