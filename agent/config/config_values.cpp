// SPDX-License-Identifier: Apache-2.0
// The rules of config_values.h, one line each, and the few predicates that they share.
#include "agent/config/config_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <boost/url.hpp>
#include <charconv>
#include <cstddef>
#include <iterator>

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

bool is_label_name(std::string_view value) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !value.empty() && value.size() <= 63 && is_plain(value.front()) &&
         is_plain(value.back()) && std::ranges::all_of(value, [&](char c) {
           return is_plain(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_label_key(std::string_view value) {
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return is_label_name(value);
  const auto prefix = value.substr(0, slash);
  return !prefix.empty() && prefix.size() <= 253 && is_label_name(value.substr(slash + 1)) &&
         std::ranges::all_of(prefix, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

bool is_ip(int family, const std::string& host) {
  std::array<std::byte, sizeof(in6_addr)> address{};
  return inet_pton(family, host.c_str(), address.data()) == 1;
}

// The host of a URL that the resolver is given: no escapes, nothing hidden.
bool is_alertmanager(std::string_view value) {
  if (value.size() > 1024 || !is_printable(value)) return false;
  const auto url = boost::urls::parse_uri(value);
  if (!url || url->has_query() || url->has_fragment()) return false;
  if (url->scheme() != "http" && url->scheme() != "https") return false;
  const std::string_view host = url->encoded_host();
  if (host.empty() || host.find('%') != std::string_view::npos) return false;
  return !url->has_port() || url->port_number() != 0;  // 0: absent, or above 65535
}

// Of a text that is refused, all that may be a password is hidden.
std::string hidden_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t begin = text.find(':', scheme == std::string_view::npos ? 0 : scheme + 3);
  const std::size_t end = text.rfind('@');
  if (end == std::string_view::npos || begin >= end) return std::string(text);
  return std::string(text.substr(0, begin)) + ":***" + std::string(text.substr(end));
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

const TextRule json_key_rule{"a JSON key", "1..32 bytes of printable text without '\"' and '\\'",
                             "^[^\"\\\\]{1,32}$", [](std::string_view v) {
                               return !v.empty() && v.size() <= 32 && is_printable(v) &&
                                      v.find_first_of("\"\\") == std::string_view::npos;
                             }};

const TextRule class_value_rule{"a value of a JSON key",
                                "1..64 bytes of printable text without '\"' and '\\'",
                                "^[^\"\\\\]{1,64}$", [](std::string_view v) {
                                  return !v.empty() && v.size() <= 64 && is_printable(v) &&
                                         v.find_first_of("\"\\") == std::string_view::npos;
                                }};

const TextRule class_prefix_rule{
    "a prefix", "1..32 bytes of printable text", "^.{1,32}$",
    [](std::string_view v) { return !v.empty() && v.size() <= 32 && is_printable(v); }};

// One byte less than the kernel's FANFARE_PUBLISH_PATH_MAX.
const TextRule publish_path_rule{
    "the beginning of a path",
    "1..63 bytes of printable ASCII that begin with '/', without a space", "^/[!-~]{0,62}$",
    [](std::string_view v) {
      return v.size() <= 63 && v.starts_with('/') &&
             std::all_of(v.begin(), v.end(), [](char c) { return c > ' ' && c < 0x7f; });
    }};

const TextRule peer_address_rule{
    "a peer's address",
    "an IPv4 or IPv6 address, alone or with the port that the peer listens on, such as 10.0.0.2, "
    "10.0.0.2:7000 or [fd00::2]:7000",
    "^[0-9a-fA-F:.\\[\\]]+$", [](std::string_view v) { return !spelled_peer_address(v).empty(); }};

const TextRule peer_name_rule{
    "a peer's name", "1..253 bytes of printable text without a space at either end",
    "^[^ ](.*[^ ])?$", [](std::string_view v) { return is_label(v, 253); }};

const TextRule alertmanager_rule{
    "an Alertmanager's URL",
    "http://HOST[:PORT][/PATH] or https://..., without query and fragment, at most 1024 bytes",
    "^https?://[^?#]+$", is_alertmanager, hidden_password};

// As Kubernetes has them: "[prefix/]name" and a value that may be empty.
const TextRule label_key_rule{
    "a label's key",
    "[PREFIX/]NAME as in Kubernetes: a name of 1..63 letters, digits, '-', '_' and '.', letters or "
    "digits at both ends, such as app or app.kubernetes.io/name",
    "^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$", is_label_key};

const TextRule label_value_rule{
    "a label's value",
    "at most 63 letters, digits, '-', '_' and '.', letters or digits at both ends; or nothing",
    "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$",
    [](std::string_view v) { return v.empty() || is_label_name(v); }};

const TextRule kubernetes_api_rule{
    "an API server",
    "auto, off, or http://HOST[:PORT][/PATH] or https://..., without user, query and fragment, at "
    "most 1024 bytes",
    "^(auto|off|https?://[^?#]+)$",
    [](std::string_view v) {
      return v == "auto" || v == "off" ||
             (is_alertmanager(v) && v.find('@') == std::string_view::npos);
    },
    hidden_password};

const TextRule file_rule{"a file", "an absolute path", "^/",
                         [](std::string_view v) { return is_absolute_path(v) && v != "/"; }};

const NumberRule sockets_rule{"a number of sockets", 16, 4194304};
const NumberRule shards_rule{"a number of shards", 1, 100000};
const NumberRule identities_rule{"a number of identities", 64, 4194304};
const NumberRule shard_idle_rule{"a number of seconds", 10, 604800};
const NumberRule late_rule{"a number of seconds", 1, 3600};
const NumberRule port_rule{"a port", 1, 65535};

namespace {

struct NamedSubprotocol {
  Subprotocol protocol;
  std::string_view name;
};

constexpr NamedSubprotocol subprotocols[] = {
    {Subprotocol::all, "all"},
    {Subprotocol::socketio, "socketio"},
    {Subprotocol::phoenix, "phoenix"},
    {Subprotocol::sockjs, "sockjs"},
    {Subprotocol::centrifugo, "centrifugo"},
    {Subprotocol::centrifugo_protobuf, "centrifugo-protobuf"},
    {Subprotocol::xmpp, "xmpp"},
    {Subprotocol::stomp, "stomp"},
    {Subprotocol::graphql_ws, "graphql-ws"},
    {Subprotocol::nats, "nats"},
    {Subprotocol::mqtt, "mqtt"},
};

constexpr auto names_of_subprotocols = [] {
  std::array<std::string_view, std::size(subprotocols)> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = subprotocols[i].name;
  return names;
}();

}  // namespace

std::span<const std::string_view> subprotocol_names() { return names_of_subprotocols; }

std::string_view name_of(Subprotocol protocol) {
  for (const auto& named : subprotocols)
    if (named.protocol == protocol) return named.name;
  return "a mapping";
}

Subprotocol subprotocol_named(std::string_view name) {
  for (const auto& named : subprotocols)
    if (named.name == name) return named.protocol;
  return Subprotocol::all;
}

bool holds_several(Subprotocol protocol) {
  return protocol == Subprotocol::sockjs || protocol == Subprotocol::centrifugo ||
         protocol == Subprotocol::centrifugo_protobuf || protocol == Subprotocol::nats ||
         protocol == Subprotocol::mqtt;
}

bool tells(const Classes& classes) {
  return classes.events != Subprotocol::all || !classes.heartbeats.in.empty();
}

std::string_view name_of(ClientProtocol protocol) {
  switch (protocol) {
    case ClientProtocol::mqtt:
      return "mqtt";
    case ClientProtocol::sse:
      return "sse";
    case ClientProtocol::websocket:
      break;
  }
  return "websocket";
}

ClientProtocol client_protocol_named(std::string_view name) {
  if (name == "sse") return ClientProtocol::sse;
  return name == "mqtt" ? ClientProtocol::mqtt : ClientProtocol::websocket;
}

namespace {

// In the order of Publish::Method.
constexpr std::string_view method_names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

std::span<const std::string_view> publish_methods() { return method_names; }

std::string_view name_of(Publish::Method method) {
  return method_names[static_cast<std::size_t>(method)];
}

Publish::Method publish_method_named(std::string_view name) {
  const auto* const found = std::find(std::begin(method_names), std::end(method_names), name);
  return static_cast<Publish::Method>(found - std::begin(method_names));
}

std::string_view name_of(ReplicationProtocol protocol) {
  switch (protocol) {
    case ReplicationProtocol::hashicorp_raft:
      break;
  }
  return "hashicorp-raft";
}

std::optional<std::string> complaint(const TextRule& rule, std::string_view value) {
  if (rule.holds(value)) return std::nullopt;
  return quoted(rule.shown ? rule.shown(value) : value) + " is not " + std::string(rule.what) +
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

std::string spelled_peer_address(std::string_view value) {
  constexpr std::string_view mapped = "::ffff:";
  const auto with_port = parse_listen(value);
  if (with_port && with_port->port == 0) return {};
  const std::string host = with_port ? with_port->host : std::string(value);
  if (host.find('\0') != std::string::npos) return {};
  if (is_ip(AF_INET, host)) return std::string(value);
  std::array<std::byte, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return {};
  const std::string spelled = inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  const std::string port = with_port ? ":" + std::to_string(with_port->port) : "";
  const bool is_mapped = spelled.starts_with(mapped) && spelled.find('.') != std::string::npos;
  if (is_mapped) return spelled.substr(mapped.size()) + port;
  return with_port ? "[" + spelled + "]" + port : spelled;
}

std::string without_password(const std::string& url) {
  boost::urls::url masked(url);
  if (!masked.has_password()) return url;
  return std::string(masked.set_password("***").buffer());
}

}  // namespace fanfare
