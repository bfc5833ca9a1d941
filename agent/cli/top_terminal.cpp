// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_terminal.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <string_view>

#include "agent/cli/escape.h"

// After all others: without this, ncurses makes macros of words such as `move` and `clear`.
#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <ncurses.h>

namespace fanfare::top {
namespace {

volatile std::sig_atomic_t caught = 0;

void note_signal(int number) { caught = number; }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_utf8_locale() { return std::string_view(nl_langinfo(CODESET)) == "UTF-8"; }

// A locale that ssh has brought along and that this host lacks still says what the terminal is.
bool asks_for_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

enum Pair : short { good_pair = 1, warn_pair, bad_pair };

bool start_colors() {
  if (!has_colors() || start_color() == ERR) return false;
  const short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
  init_pair(good_pair, COLOR_GREEN, background);
  init_pair(warn_pair, COLOR_YELLOW, background);
  init_pair(bad_pair, COLOR_RED, background);
  return true;
}

attr_t attributes(const Style& style, bool color) {
  attr_t wanted = A_NORMAL;
  if (style.bold) wanted |= A_BOLD;
  if (style.dim) wanted |= A_DIM;
  if (style.reverse) wanted |= A_REVERSE;
  if (!color || style.tone == Tone::plain) return wanted;
  const Pair pair = style.tone == Tone::good   ? good_pair
                    : style.tone == Tone::warn ? warn_pair
                                               : bad_pair;
  return wanted | static_cast<attr_t>(COLOR_PAIR(pair));
}

Press special_key(wint_t code) {
  switch (code) {
    case KEY_UP:
      return {Key::up, {}};
    case KEY_DOWN:
      return {Key::down, {}};
    case KEY_PPAGE:
      return {Key::page_up, {}};
    case KEY_NPAGE:
      return {Key::page_down, {}};
    case KEY_HOME:
      return {Key::home, {}};
    case KEY_END:
      return {Key::end, {}};
    case KEY_ENTER:
      return {Key::enter, {}};
    case KEY_BACKSPACE:
      return {Key::backspace, {}};
    default:
      return {};
  }
}

Press plain_key(wint_t code) {
  constexpr wint_t escape = 27;
  constexpr wint_t del = 127;
  if (code == '\r' || code == '\n') return {Key::enter, {}};
  if (code == '\t') return {Key::tab, {}};
  if (code == escape) return {Key::escape, {}};
  if (code == del || code == '\b') return {Key::backspace, {}};
  if (code < ' ') return {};
  std::array<char, MB_LEN_MAX> bytes{};
  std::mbstate_t state{};
  const std::size_t length = std::wcrtomb(bytes.data(), static_cast<wchar_t>(code), &state);
  if (length == static_cast<std::size_t>(-1)) return {};
  return {Key::character, std::string(bytes.data(), length)};
}

void catch_signals() {
  caught = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;  // without SA_RESTART: poll shall end
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

}  // namespace

bool shows_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (!is_utf8_locale() && asks_for_utf8()) std::setlocale(LC_CTYPE, "C.UTF-8");
  // The fonts of the Linux console have no block elements.
  return is_utf8_locale() && environment("TERM") != "linux";
}

Terminal::Terminal(bool color) {
  const std::string term = environment("TERM");
  const std::string instead = "take one screen with \"fanfare top --once\"";
  if (term.empty() || term == "dumb")
    throw UnfitTerminal(fmt::format("TERM={} cannot show a live view: {}", term, instead));
  catch_signals();  // before ncurses, which would end the process by itself
  if (newterm(term.c_str(), stdout, stdin) == nullptr)
    throw UnfitTerminal(
        fmt::format("no terminal description for TERM={}: install ncurses-term, set TERM=xterm, "
                    "or {}",
                    terminal_safe(term), instead));
  color_ = color && start_colors();
  cbreak();
  noecho();
  nonl();
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  set_escdelay(25);  // ms; more, and Esc feels broken
  curs_set(0);
}

Terminal::~Terminal() { endwin(); }

Press Terminal::press(std::chrono::milliseconds patience) {
  wint_t code = 0;
  int kind = get_wch(&code);  // what has been read already
  if (kind == ERR) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&input, 1, static_cast<int>(patience.count()));
    if (ready > 0 && (input.revents & POLLIN) == 0) gone_ = true;  // the terminal hung up
    kind = get_wch(&code);
    if (ready > 0 && kind == ERR && (input.revents & POLLHUP) != 0) gone_ = true;
  }
  if (kind == ERR) return {};
  if (kind == KEY_CODE_YES) return special_key(code);
  constexpr wint_t control_l = 12;
  if (code == control_l) redrawwin(stdscr);
  return plain_key(code);
}

bool Terminal::ended() const { return gone_ || caught != 0; }
int Terminal::signal() const { return caught; }

Size Terminal::size() const {
  return {static_cast<std::size_t>(getmaxy(stdscr)), static_cast<std::size_t>(getmaxx(stdscr))};
}

void Terminal::paint(const std::vector<Line>& lines) {
  werase(stdscr);
  for (std::size_t row = 0; row < lines.size(); ++row) {
    wmove(stdscr, static_cast<int>(row), 0);
    for (const Span& span : lines[row]) {
      wattrset(stdscr, static_cast<int>(attributes(span.style, color_)));
      waddstr(stdscr, span.text.c_str());
    }
  }
  wattrset(stdscr, A_NORMAL);
  wrefresh(stdscr);
}

}  // namespace fanfare::top
