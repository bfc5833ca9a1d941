// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/socket_commands.h"

#include <memory>

#include "tests/bench/cgroup_visit.h"
#include "tests/bench/churn.h"
#include "tests/bench/socket_set.h"

namespace fanfare::bench {
namespace {

namespace json = boost::json;

using Sets = std::map<std::string, SocketSet>;

Shape shape_of(const json::object& arguments) {
  return {.protocol = protocol_named(text_of(arguments, "protocol")),
          .size = number_of(arguments, "size"),
          .frames = number_of(arguments, "frames")};
}

json::object send(const SocketSet& set, const json::object& arguments) {
  const auto bytes = arguments.contains("hex") ? bytes_of_hex(text_of(arguments, "hex"))
                                               : message(shape_of(arguments));
  const auto passes = number_of(arguments, "passes");
  json::array took;
  for (const auto pass : set.send(bytes, passes)) took.push_back(pass.count());
  return {{"pass_nanoseconds", took},
          {"sends", passes * set.size()},
          {"bytes_each", passes * bytes.size()}};
}

}  // namespace

std::map<std::string, Command> socket_commands(const std::string& home) {
  const auto sets = std::make_shared<Sets>();
  const auto set = [sets](const json::object& arguments) -> SocketSet& {
    return (*sets)[text_of(arguments, "set")];
  };
  const auto port = [](const json::object& arguments) {
    return static_cast<std::uint16_t>(number_of(arguments, "port"));
  };
  return {
      {"listen",
       [=](const json::object& given) -> json::object {
         const CgroupVisit visit(text_of(given, "cgroup"), home);
         return {{"port", set(given).listen(port(given))}};
       }},
      {"accept",
       [=](const json::object& given) -> json::object {
         set(given).accept(number_of(given, "count"), protocol_named(text_of(given, "protocol")));
         return {{"open", set(given).size()}};
       }},
      {"connect",
       [=](const json::object& given) -> json::object {
         const CgroupVisit visit(text_of(given, "cgroup"), home);
         set(given).connect(port(given), number_of(given, "count"),
                            protocol_named(text_of(given, "protocol")));
         return {{"open", set(given).size()}};
       }},
      {"send", [=](const json::object& given) { return send(set(given), given); }},
      {"receive",
       [=](const json::object& given) -> json::object {
         set(given).receive(number_of(given, "bytes_each"));
         return {};
       }},
      {"close",
       [=](const json::object& given) -> json::object {
         sets->erase(text_of(given, "set"));
         return {};
       }},
      {"serve_churn",
       [=](const json::object& given) -> json::object {
         serve_churn(set(given).listener(), number_of(given, "count"));
         return {};
       }},
      {"connect_churn",
       [=](const json::object& given) -> json::object {
         const auto took =
             connect_churn(port(given), number_of(given, "count"), number_of(given, "per_second"));
         return {{"nanoseconds", took.count()}};
       }},
  };
}

}  // namespace fanfare::bench
