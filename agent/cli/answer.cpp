// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/answer.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "agent/cli/escape.h"

namespace fanfare {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(std::string_view path, std::string_view wanted) {
  throw BadAnswer(fmt::format("\"{}\" is not {}", path, wanted));
}

}  // namespace

json::value parse_answer(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error) {
    throw BadAnswer(fmt::format("not JSON ({}): {}", error.message(),
                                body.empty() ? "nothing" : shortened(terminal_safe(body), 60)));
  }
  return value;
}

const json::value& at_path(const json::object& object, std::string_view path) {
  const json::object* here = &object;
  std::string_view rest = path;
  while (true) {
    const std::size_t dot = rest.find('.');
    const json::value* found = here->if_contains(rest.substr(0, dot));
    if (found == nullptr) throw BadAnswer(fmt::format("\"{}\" is missing", path));
    if (dot == std::string_view::npos) return *found;
    here = &as_object(*found, path);
    rest.remove_prefix(dot + 1);
  }
}

std::uint64_t count_at(const json::object& object, std::string_view path) {
  boost::system::error_code error;
  const json::value& value = at_path(object, path);
  if (!value.is_number()) refuse(path, "a count");
  const auto count = value.to_number<std::uint64_t>(error);
  if (error) refuse(path, "a count");
  return count;
}

double number_at(const json::object& object, std::string_view path) {
  boost::system::error_code error;
  const json::value& value = at_path(object, path);
  if (!value.is_number()) refuse(path, "a number");
  return value.to_number<double>(error);
}

bool flag_at(const json::object& object, std::string_view path) {
  const bool* flag = at_path(object, path).if_bool();
  if (flag == nullptr) refuse(path, "true or false");
  return *flag;
}

std::string text_at(const json::object& object, std::string_view path) {
  const json::string* text = at_path(object, path).if_string();
  if (text == nullptr) refuse(path, "a string");
  return {text->begin(), text->end()};
}

const json::object& object_at(const json::object& object, std::string_view path) {
  return as_object(at_path(object, path), path);
}

const json::array& array_at(const json::object& object, std::string_view path) {
  return as_array(at_path(object, path), path);
}

std::optional<double> maybe_number_at(const json::object& object, std::string_view path) {
  if (at_path(object, path).is_null()) return std::nullopt;
  return number_at(object, path);
}

std::optional<std::string> maybe_text_at(const json::object& object, std::string_view path) {
  if (at_path(object, path).is_null()) return std::nullopt;
  return text_at(object, path);
}

const json::object& as_object(const json::value& value, std::string_view what) {
  const json::object* object = value.if_object();
  if (object == nullptr) refuse(what, "an object");
  return *object;
}

const json::array& as_array(const json::value& value, std::string_view what) {
  const json::array* array = value.if_array();
  if (array == nullptr) refuse(what, "an array");
  return *array;
}

}  // namespace fanfare
