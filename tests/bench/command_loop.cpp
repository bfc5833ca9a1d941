// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/command_loop.h"

#include <exception>
#include <iostream>

namespace fanfare::bench {
namespace {

namespace json = boost::json;

json::object answer(const std::map<std::string, Command>& commands, const std::string& line) {
  std::string name;
  try {
    const auto arguments = json::parse(line).as_object();
    name = text_of(arguments, "do");
    return commands.at(name)(arguments);
  } catch (const std::exception& error) {
    return {{"error", name + ": " + error.what()}};
  }
}

}  // namespace

void run_commands(const std::map<std::string, Command>& commands) {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << json::serialize(answer(commands, line)) << std::endl;
}

std::string text_of(const json::object& arguments, const char* key) {
  return json::value_to<std::string>(arguments.at(key));
}

std::uint64_t number_of(const json::object& arguments, const char* key) {
  return arguments.at(key).to_number<std::uint64_t>();
}

}  // namespace fanfare::bench
