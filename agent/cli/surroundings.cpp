// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/surroundings.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace fanfare {
namespace {

constexpr std::size_t usual_columns = 80;  // a terminal that does not know its width

// https://no-color.org: any value that is not empty counts.
bool environment_wants_color() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return term == nullptr || std::string_view(term) != "dumb";
}

// The variable that decides is the first that is set, as in setlocale(3).
bool locale_is_utf8() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    return ::strcasestr(value, "utf-8") != nullptr || ::strcasestr(value, "utf8") != nullptr;
  }
  return false;
}

}  // namespace

Surroundings look_around(int output_fd, std::string version) {
  Surroundings around;
  around.version = std::move(version);
  around.color_wanted = environment_wants_color();
  around.utf8 = locale_is_utf8();
  if (isatty(output_fd) != 1) return around;
  winsize size{};
  const bool known = ioctl(output_fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  around.columns = known ? size.ws_col : usual_columns;
  return around;
}

}  // namespace fanfare
