// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/explain_screen.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "agent/cli/answer.h"
#include "agent/cli/escape.h"
#include "agent/cli/text_wrap.h"
#include "agent/kernel/proc_net.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr std::size_t state_width = 9;
constexpr std::size_t text_column = 2 + state_width + 12;

Tone tone_of(const std::string& state) {
  if (state == "ok") return Tone::good;
  return state == "broken" ? Tone::bad : Tone::warn;
}

std::string safe(const json::object& object, std::string_view key) {
  return terminal_safe(text_at(object, key));
}

std::string heading(const json::object& chain) {
  const auto shard = maybe_text_at(chain, "shard");
  const std::string kind = text_at(chain, "kind");
  std::string text = kind + ' ' + safe(chain, "what");
  if (shard && kind != "shard") text += ", shard " + terminal_safe(*shard);
  return text + '\n';
}

std::string link_text(const json::object& link, const Look& look) {
  const std::string state = terminal_safe(text_at(link, "state"));
  const std::string head =
      fmt::format("  {}{:{}}{:<12}", painted(state, tone_of(state), look), "",
                  state_width - std::min(state_width, state.size()), safe(link, "link"));
  return head + wrapped(safe(link, "text"), text_column, look.columns).substr(text_column);
}

// Only this host's kernel knows; -1 where it does not tell.
std::optional<std::size_t> connections_of(const json::object& chain) {
  std::optional<std::size_t> sum;
  for (const auto& pid : array_at(chain, "pids"))
    for (const auto& port : array_at(chain, "ports"))
      if (const auto count = established_connections(pid.to_number<std::uint32_t>(),
                                                     port.to_number<std::uint16_t>()))
        sum = sum.value_or(0) + *count;
  return sum;
}

std::string break_text(const json::object& chain, const json::object& link, const Look& look) {
  std::string text =
      wrapped_after("broken", Tone::bad, safe(link, "link") + ": " + safe(link, "text"), 0, look);
  if (text_at(link, "link") == "socket")
    if (const auto count = connections_of(chain))
      text += wrapped_after(
          "kernel", Tone::plain,
          *count == 0 ? std::string("no connection is established: no client has connected")
                      : fmt::format("{} connections are established that speak something else than "
                                    "WebSocket in the clear",
                                    *count),
          0, look);
  if (const auto remedy = maybe_text_at(link, "remedy"))
    text += wrapped_after("do", Tone::plain, terminal_safe(*remedy), 0, look);
  return text;
}

std::string chain_text(const json::object& chain, const Look& look) {
  std::string text = heading(chain);
  const auto& links = array_at(chain, "links");
  for (const auto& link : links) text += link_text(as_object(link, "a link"), look);
  const auto broken = maybe_number_at(chain, "broken");
  if (!broken) return text + painted("the chain holds", Tone::good, look) + '\n';
  return text +
         break_text(chain, as_object(links.at(static_cast<std::size_t>(*broken)), "a link"), look);
}

}  // namespace

std::string explain_screen(const json::array& chains, const Look& look) {
  std::string text;
  for (const auto& chain : chains) {
    if (!text.empty()) text += '\n';
    text += chain_text(as_object(chain, "an explanation"), look);
  }
  return text;
}

bool any_broken(const json::array& chains) {
  return std::ranges::any_of(chains, [](const json::value& chain) {
    return maybe_number_at(as_object(chain, "an explanation"), "broken").has_value();
  });
}

std::string nothing_to_explain(const std::string& what) {
  std::string_view number = what;
  const bool port = number.starts_with(":");
  if (port) number.remove_prefix(1);
  if (number.starts_with("pid:")) number.remove_prefix(4);
  const bool digits = !number.empty() && number.find_first_not_of("0123456789") == number.npos;
  if (!digits)
    return fmt::format(
        "the agent knows no shard and no alert \"{}\"; `fanfare shards` lists the shards, `fanfare "
        "explain --help` says what else can be asked for",
        terminal_safe(what));
  struct stat found {};
  if (!port && ::stat(fmt::format("/proc/{}", number).c_str(), &found) == 0)
    return fmt::format(
        "process {} listens on no TCP port: name the process that accepts the "
        "clients, or the port",
        number);
  return fmt::format(
      "nobody on this host listens on port {0}, and there is no process {0} that "
      "does: is the server running, and in this host's pid namespace?",
      number);
}

}  // namespace fanfare
