// SPDX-License-Identifier: Apache-2.0
// `fanfare help CODE`: explains a code of doctor or status, an alert, a capture loss or an exit
// code, offline.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/table.h"

namespace fanfare {

struct CodeText {
  std::string title;                                          // "FF-102: type information (BTF)"
  std::vector<std::pair<std::string, std::string>> sections;  // head, sentences
};

// Case does not matter. Empty where nothing has that name.
std::optional<CodeText> look_up_code(std::string_view code);

// Everything that look_up_code() knows, for near matches and completions.
std::vector<std::string> explained_names();

// Exit code of the command.
int explain_code(const std::string& code, const Look& look, std::ostream& out, std::ostream& err);

}  // namespace fanfare
