// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/alert_text.h"

#include <algorithm>

#include "agent/cli/answer.h"
#include "agent/cli/escape.h"
#include "agent/cli/numbers.h"
#include "agent/cli/text_wrap.h"

namespace fanfare {
namespace {

namespace json = boost::json;

// "stale" fires too: nobody can say that it is over.
bool firing(const json::object& alert) {
  const auto state = text_at(alert, "state");
  return state == "firing" || state == "stale";
}

Tone tone_of(const json::object& alert) {
  if (text_at(alert, "state") == "resolved") return Tone::good;
  if (!firing(alert)) return Tone::warn;
  return text_at(alert, "severity") == "critical" ? Tone::bad : Tone::warn;
}

// "critical FanfareReachLoss: firing for 42 s, shard us-east-1, broadcast"
std::string headline(const json::object& alert, const Look& look) {
  std::string text =
      text_at(alert, "state") + " for " + age_text(number_at(alert, "since_seconds"));
  for (const auto& [label, key] : {std::pair{"shard ", "shard"}, {"peer ", "peer"}, {"", "step"}}) {
    const auto where = maybe_text_at(alert, key);
    if (where) text += std::string(", ") + label + *where;
  }
  const std::string name = text_at(alert, "severity") + " " + text_at(alert, "alertname");
  return wrapped_after(terminal_safe(name), tone_of(alert), terminal_safe(text), 2, look);
}

std::string reasons(const json::object& alert, const Look& look) {
  std::string text;
  for (const auto& [label, key] :
       {std::pair{"", "summary"}, {"why: ", "why"}, {"next: ", "next"}}) {
    const std::string sentence = terminal_safe(text_at(alert, key));
    if (!sentence.empty()) text += wrapped(label + sentence, 4, look.columns);
  }
  if (!alert.contains("missing")) return text;  // of an older agent
  if (const auto missing = maybe_text_at(alert, "missing"))
    text += wrapped("stale: it cannot be judged at present, " + terminal_safe(*missing), 4,
                    look.columns);
  return text;
}

std::string post_text(const json::object& target, const Look& look) {
  const auto last = maybe_number_at(target, "last_post_seconds");
  const std::string taken = last ? "took a post " + age_text(last) + " ago" : "";
  if (flag_at(target, "reachable")) return last ? taken : "has had nothing to take yet";
  return painted("does not take posts", Tone::bad, look) + (last ? ", " + taken : "");
}

}  // namespace

bool any_firing(const json::array& alerts) {
  return std::any_of(alerts.begin(), alerts.end(),
                     [](const json::value& alert) { return firing(as_object(alert, "an alert")); });
}

std::string alerts_part(const json::array& alerts, const Look& look) {
  if (alerts.empty()) return painted("alerts: none", Tone::good, look) + "\n";
  std::string text = "alerts\n";
  for (const json::value& value : alerts) {
    const json::object& alert = as_object(value, "an alert");
    text += headline(alert, look);
    if (firing(alert)) text += reasons(alert, look);
  }
  return text;
}

std::string alertmanagers_text(const json::array& alertmanagers, std::size_t indent,
                               const Look& look) {
  if (alertmanagers.empty()) {
    return painted("nobody: no Alertmanager is configured", Tone::warn, look);
  }
  std::string text;
  for (const json::value& value : alertmanagers) {
    const json::object& target = as_object(value, "an Alertmanager");
    if (!text.empty()) text += "\n" + std::string(indent, ' ');
    text += terminal_safe(text_at(target, "url")) + " " + post_text(target, look);
  }
  return text;
}

}  // namespace fanfare
