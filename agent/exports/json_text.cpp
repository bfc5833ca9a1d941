// SPDX-License-Identifier: Apache-2.0
// Structure and numbers are written here; strings and their escapes are Boost's.
#include "agent/exports/json_text.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

namespace fanfare {
namespace {

void append(std::string& text, const boost::json::value& value);

void append(std::string& text, const boost::json::object& object) {
  text += '{';
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (member != object.begin()) {
      text += ',';
    }
    text += boost::json::serialize(member->key());
    text += ':';
    append(text, member->value());
  }
  text += '}';
}

void append(std::string& text, const boost::json::array& array) {
  text += '[';
  for (const auto& element : array) {
    if (&element != array.data()) {
      text += ',';
    }
    append(text, element);
  }
  text += ']';
}

void append(std::string& text, const boost::json::value& value) {
  if (const auto* object = value.if_object()) {
    append(text, *object);
  } else if (const auto* array = value.if_array()) {
    append(text, *array);
  } else if (const auto* number = value.if_double()) {
    text += std::isfinite(*number) ? fmt::format("{}", *number) : "null";
  } else {
    text += boost::json::serialize(value);
  }
}

}  // namespace

std::string json_text(const boost::json::value& value) {
  std::string text;
  append(text, value);
  return text;
}

}  // namespace fanfare
