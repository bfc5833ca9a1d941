// SPDX-License-Identifier: Apache-2.0
// The rules of config_values.h, one line each, and the few predicates that they share.
#include "agent/config/config_values.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "agent/config/text.h"

namespace fanfare {
namespace {

constexpr std::size_t longest_path = 4095;  // PATH_MAX without its NUL

bool is_label(std::string_view value, std::size_t most_bytes) {
  return !value.empty() && value.size() <= most_bytes && value.front() != ' ' &&
         value.back() != ' ' && is_printable(value);
}

bool is_absolute_path(std::string_view value) {
  return value.size() <= longest_path && value.starts_with('/') && is_printable(value);
}

// As the kernel spells a path: comparisons by prefix need that.
bool is_normal_path(std::string_view value) {
  if (!is_absolute_path(value)) return false;
  if (value == "/") return true;
  std::string_view rest = value.substr(1);
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == rest.size()) return true;
    rest.remove_prefix(part.size() + 1);
  }
}

bool is_ip(int family, const std::string& host) {
  std::array<std::byte, sizeof(in6_addr)> address{};
  return inet_pton(family, host.c_str(), address.data()) == 1;
}

}  // namespace

// 253 bytes: the longest DNS name.
const TextRule node_rule{"a node name",
                         "auto, or 1..253 bytes of printable text without a space at either end",
                         "^[^ ](.*[^ ])?$", [](std::string_view v) { return is_label(v, 253); }};

const TextRule cluster_rule{"a cluster name",
                            "1..128 bytes of printable text without a space at either end",
                            "^[^ ](.*[^ ])?$", [](std::string_view v) { return is_label(v, 128); }};

const TextRule cgroup_rule{"a cgroup", "auto, or the absolute path of a cgroup v2 directory",
                           "^(auto$|/)",
                           [](std::string_view v) { return v == "auto" || is_absolute_path(v); }};

const TextRule listen_rule{"a listen address",
                           "ADDR:PORT with an IPv4 address or [IPv6], such as 127.0.0.1:9477 or "
                           "[::1]:9477; port 0..65535, 0 lets the kernel choose",
                           "^([0-9.]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$",
                           [](std::string_view v) { return parse_listen(v).has_value(); }};

// 107 bytes: sun_path of unix(7) without its NUL.
const TextRule admin_rule{
    "a socket path", "an absolute path of at most 107 bytes that does not end in '/'", "^/",
    [](std::string_view v) { return is_absolute_path(v) && v.size() <= 107 && !v.ends_with('/'); }};

// "other" is the label of the shards above limits.shards.
const TextRule shard_name_rule{
    "a shard name", "1..128 bytes of printable text without a space at either end, and not 'other'",
    "^[^ ](.*[^ ])?$", [](std::string_view v) { return is_label(v, 128) && v != "other"; }};

const TextRule match_cgroup_rule{
    "a cgroup path",
    "an absolute path below the cgroup root, without '.', '..', '//' or a final '/'", "^/",
    [](std::string_view v) { return is_normal_path(v); }};

const TextRule match_exe_rule{"an executable's path",
                              "an absolute path without '.', '..', '//' or a final '/'", "^/[^/]",
                              [](std::string_view v) { return is_normal_path(v) && v != "/"; }};

const NumberRule sockets_rule{"a number of sockets", 16, 4194304};
const NumberRule shards_rule{"a number of shards", 1, 100000};
const NumberRule port_rule{"a port", 1, 65535};

std::optional<std::string> complaint(const TextRule& rule, std::string_view value) {
  if (rule.holds(value)) return std::nullopt;
  return quoted(value) + " is not " + std::string(rule.what) +
         "; allowed: " + std::string(rule.allowed);
}

std::optional<std::uint32_t> number_in(const NumberRule& rule, std::string_view value) {
  const bool leading_zero = value.size() > 1 && value.front() == '0';
  std::uint32_t number = 0;
  const char* end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (leading_zero || error != std::errc{} || stop != end) return std::nullopt;
  if (number < rule.least || number > rule.most) return std::nullopt;
  return number;
}

std::string allowed(const NumberRule& rule) {
  return std::to_string(rule.least) + ".." + std::to_string(rule.most);
}

std::optional<ListenAddress> parse_listen(std::string_view value) {
  const std::size_t colon = value.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number_in({"a port", 0, 65535}, value.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string host(value.substr(0, colon));
  if (host.find('\0') != std::string::npos) return std::nullopt;  // C strings would end there
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_ip(AF_INET6, host)) return std::nullopt;
  } else if (!is_ip(AF_INET, host)) {
    return std::nullopt;
  }
  return ListenAddress{std::move(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace fanfare
