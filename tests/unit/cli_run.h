// SPDX-License-Identifier: Apache-2.0
// Runs a command line as main would, against an agent with one canned answer.
#pragma once

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "agent/cli/command_line.h"
#include "agent/cli/run_command.h"
#include "tests/unit/cli_fake_agent.h"

namespace fanfare::cli_test {

using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline Outcome run(const Words& words, const Surroundings& around = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_command(parse_command_line(words, around), out, err);
  return {code, out.str(), err.str()};
}

// `body` is the answer to every question.
inline Outcome run_against(const std::string& body, Words words, std::size_t columns = 0) {
  const FakeAgent agent([&body](const std::string&) { return http_answer(body); });
  words.insert(words.end(), {"--admin", agent.path()});
  return run(words, {.columns = columns, .color_wanted = false});
}

// `text` with the first `from` replaced; that it is there is checked.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

}  // namespace fanfare::cli_test
