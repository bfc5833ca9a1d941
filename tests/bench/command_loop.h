// SPDX-License-Identifier: Apache-2.0
// One JSON object a line on stdin, {"do": NAME, ...}; one JSON object a line as its answer.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <string>

namespace fanfare::bench {

using Command = std::function<boost::json::object(const boost::json::object& arguments)>;

// Until the end of stdin. A command that throws is answered with {"error": TEXT}, and the loop
// goes on.
void run_commands(const std::map<std::string, Command>& commands);

std::string text_of(const boost::json::object& arguments, const char* key);
std::uint64_t number_of(const boost::json::object& arguments, const char* key);

}  // namespace fanfare::bench
