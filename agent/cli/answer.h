// SPDX-License-Identifier: Apache-2.0
// Reading the agent's JSON answers: every access says what is missing or of the wrong type instead
// of crashing on it. Keys that this version does not know are let through.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fanfare {

// The agent answered, but not what the contract says.
struct BadAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

boost::json::value parse_answer(const std::string& body);

// `path` is a key, or keys joined by dots for nested objects ("sockets.synced").
const boost::json::value& at_path(const boost::json::object& object, std::string_view path);

std::uint64_t count_at(const boost::json::object& object, std::string_view path);
double number_at(const boost::json::object& object, std::string_view path);
bool flag_at(const boost::json::object& object, std::string_view path);
std::string text_at(const boost::json::object& object, std::string_view path);
const boost::json::object& object_at(const boost::json::object& object, std::string_view path);
const boost::json::array& array_at(const boost::json::object& object, std::string_view path);
// null is empty; a missing key is still an error.
std::optional<double> maybe_number_at(const boost::json::object& object, std::string_view path);
std::optional<std::string> maybe_text_at(const boost::json::object& object, std::string_view path);

const boost::json::object& as_object(const boost::json::value& value, std::string_view what);
const boost::json::array& as_array(const boost::json::value& value, std::string_view what);

}  // namespace fanfare
