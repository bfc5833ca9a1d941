// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/status_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "agent/cli/alert_text.h"
#include "agent/cli/answer.h"
#include "agent/cli/escape.h"
#include "agent/cli/listing.h"
#include "agent/cli/numbers.h"
#include "agent/cli/text_wrap.h"
#include "agent/kernel/loss_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr std::size_t label_width = 10;
constexpr double stale_seconds = 5;  // the agent ticks each second

std::string safe_text_at(const json::object& object, std::string_view path) {
  return terminal_safe(text_at(object, path));
}

// Words of the terminal's width beside the label; of them `head` is coloured where it fits a line.
std::string line(std::string_view label, const std::string& head, Tone tone,
                 const std::string& rest, const Look& look) {
  std::string text = wrapped(head + rest, label_width, look.columns);
  if (text.compare(label_width, head.size(), head) == 0)
    text.replace(label_width, head.size(), painted(head, tone, look));
  return text.replace(0, label_width, fmt::format("{:<{}}", label, label_width));
}

std::string line(std::string_view label, const std::string& text, const Look& look) {
  return line(label, "", Tone::plain, text, look);
}

std::string heading(const json::object& status, const Look& look) {
  const bool ready = flag_at(status, "ready");
  return fmt::format(
      "fanfare {} on {} (cluster {}), up {}, {}\n", safe_text_at(status, "version"),
      safe_text_at(status, "node"), safe_text_at(status, "cluster"),
      age_text(number_at(status, "uptime_seconds")),
      ready ? painted("ready", Tone::good, look) : painted("not ready", Tone::bad, look));
}

std::string loaded_line(const json::object& status, const Look& look) {
  if (!flag_at(status, "attached")) {
    return line("loaded", "no: the kernel programs are not attached", Tone::bad, "", look);
  }
  return line(
      "loaded",
      fmt::format("attached to {} ({})",
                  terminal_safe(maybe_text_at(status, "cgroup").value_or("?")),
                  flag_at(status, "subtree") ? "a subtree: only it is counted" : "the host's root"),
      look);
}

std::string scope_line(const json::object& status, const Look& look) {
  const std::string scope = text_at(status, "scope");
  const Tone tone = scope == "proven" ? Tone::good : scope == "refuted" ? Tone::bad : Tone::warn;
  const std::string sentence = safe_text_at(status, "scope_text");
  return line("scope", terminal_safe(scope), tone, sentence.empty() ? "" : ": " + sentence, look);
}

std::string fresh_line(const json::object& status, const Look& look) {
  const auto age = maybe_number_at(status, "snapshot_age_seconds");
  if (!age) return line("fresh", "no: nothing has been read yet", Tone::bad, "", look);
  const std::string text = fmt::format("snapshot {} old, tick takes {:.1f} ms of CPU",
                                       age_text(age), number_at(status, "tick_seconds") * 1000);
  return line("fresh", text, *age > stale_seconds ? Tone::bad : Tone::plain, "", look);
}

std::string scraped_line(const json::object& status, const Look& look) {
  const auto age = maybe_number_at(status, "last_scrape_seconds");
  if (!age) return line("scraped", "never: no Prometheus asks this agent", Tone::warn, "", look);
  return line("scraped", age_text(age) + " ago", look);
}

std::string config_line(const json::object& status, const Look& look) {
  const auto file = maybe_text_at(status, "config_file");
  const std::string shown = file ? terminal_safe(*file) : "defaults, no file";
  if (flag_at(status, "config_reload_ok")) return line("config", shown, look);
  return line("config", "last reload refused, the old one stands:", Tone::bad, " " + shown, look);
}

// Nothing outside of Kubernetes.
std::string pods_line(const json::object& status, const Look& look) {
  const auto* value = status.if_contains("kubernetes");
  const auto* pods = value ? value->if_object() : nullptr;
  if (!pods) return {};
  const std::string known =
      fmt::format("{} of this node, named by {}", grouped(count_at(*pods, "pods")),
                  safe_text_at(*pods, "server"));
  if (flag_at(*pods, "reachable")) return line("pods", known, look);
  const std::string away =
      "the API server is away for " + age_text(number_at(*pods, "away_seconds"));
  return line("pods", (flag_at(*pods, "listed") ? known + "; " : "none known; ") + away, Tone::warn,
              ": " + terminal_safe(maybe_text_at(*pods, "error").value_or("?")), look);
}

std::string covering_line(const json::array& shards, const Look& look) {
  std::uint64_t synced = 0;
  std::uint64_t open = 0;
  for (const json::value& value : shards) {
    const json::object& shard = as_object(value, "a shard");
    synced += count_at(shard, "sockets.synced");
    open += count_at(shard, "sockets.synced") + count_at(shard, "sockets.unsynced") +
            count_at(shard, "sockets.dark");
  }
  if (open == 0) return line("covering", "no client sockets are open", look);
  return line(
      "covering",
      fmt::format("{} of {} client sockets are counted exactly", grouped(synced), grouped(open)),
      synced == open ? Tone::good : Tone::warn, "", look);
}

std::string_view loss_sentence(std::string_view reason) {
  const auto& texts = loss_texts();
  const auto known = std::find_if(texts.begin(), texts.end(),
                                  [reason](const LossText& text) { return text.name == reason; });
  return known == texts.end() ? "This fanfare is older than the agent and does not know the reason."
                              : known->sentence;
}

std::string losses_part(const json::object& status, const Look& look) {
  std::string text;
  for (const auto& [reason, value] : object_at(status, "losses")) {
    const json::object& loss = as_object(value, "losses");
    const std::uint64_t count = count_at(loss, "count");
    const std::uint64_t recent = count_at(loss, "recent");
    if (count == 0) continue;
    text += fmt::format(
        "  {} {}\n", terminal_safe(std::string_view(reason)),
        painted(fmt::format("{} ({} in the last minute)", grouped(count), grouped(recent)),
                recent > 0 ? Tone::warn : Tone::plain, look));
    text += wrapped(loss_sentence(reason), 4, look.columns);
  }
  return text.empty() ? "\nlosses: none\n" : "\nlosses\n" + text;
}

std::string findings_part(const json::object& status, const Look& look) {
  std::string text;
  for (const json::value& value : array_at(status, "findings")) {
    const json::object& finding = as_object(value, "a finding");
    text += wrapped_after(safe_text_at(finding, "code"), Tone::bad, safe_text_at(finding, "text"),
                          2, look) +
            wrapped("remedy: " + safe_text_at(finding, "remedy"), 4, look.columns);
  }
  return text.empty() ? painted("findings: none", Tone::good, look) + "\n" : "findings\n" + text;
}

}  // namespace

std::string status_screen(const json::object& status, const Look& look) {
  const json::array& shards = array_at(status, "shards");
  std::string text =
      heading(status, look) + loaded_line(status, look) + scope_line(status, look) +
      fresh_line(status, look) + scraped_line(status, look) + config_line(status, look) +
      pods_line(status, look) + covering_line(shards, look) +
      fmt::format("{:<{}}{}\n", "alerting", label_width,
                  alertmanagers_text(array_at(status, "alertmanagers"), label_width, look)) +
      "\n" + alerts_part(array_at(status, "alerts"), look) + "\n";
  if (shards.empty()) {
    text += "no shards: no WebSocket server has been seen on this host\n";
  } else {
    const Chosen chosen = choose(shards, shards_listing(), {});
    text += listing_table(chosen.rows, shards_listing(), look);
  }
  return text + losses_part(status, look) + findings_part(status, look);
}

}  // namespace fanfare
