// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/replay_report.h"

#include <algorithm>

#include "agent/cli/answer.h"
#include "agent/cli/escape.h"
#include "agent/cli/listing.h"
#include "agent/cli/numbers.h"
#include "agent/cli/text_wrap.h"
#include "agent/kernel/loss_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

std::string flows_part(const json::array& flows, const Look& look) {
  if (flows.empty())
    return "flows: none; no connection upgraded to WebSocket, or is MQTT or replication by the "
           "configuration\n";
  return listing_table(choose(flows, sockets_listing(), {}).rows, sockets_listing(), look);
}

std::string shards_part(const json::object& result, const Look& look) {
  const auto* shards = result.if_contains("shards");
  if (!shards || as_array(*shards, "the shards").empty()) return {};
  return "\n" + listing_table(shards->get_array(), shards_listing(), look);
}

std::string losses_part(const json::object& losses, const Look& look) {
  if (losses.empty()) return "\nlosses: none\n";
  std::string text = "\nlosses\n";
  for (const LossText& loss : loss_texts()) {
    const auto* count = losses.if_contains(loss.name);
    if (!count) continue;
    text += wrapped_after(std::string(loss.name), Tone::warn,
                          grouped(count->to_number<std::uint64_t>()) + " " +
                              std::string(loss.unit) + ". " + std::string(loss.sentence),
                          2, look);
  }
  return text;
}

Tone tone_of(const json::object& alert) {
  if (text_at(alert, "state") == "resolved") return Tone::good;
  return text_at(alert, "severity") == "critical" ? Tone::bad : Tone::warn;
}

std::string alert_text(const json::object& alert, const Look& look) {
  std::string where = text_at(alert, "alertname") + " " + text_at(alert, "state");
  for (const auto& [label, key] : {std::pair{"shard ", "shard"}, {"peer ", "peer"}, {"", "step"}}) {
    const auto value = maybe_text_at(alert, key);
    if (value) where += std::string(", ") + label + *value;
  }
  std::string text = wrapped_after(text_at(alert, "at") + " " + text_at(alert, "severity"),
                                   tone_of(alert), terminal_safe(where), 2, look);
  if (text_at(alert, "state") == "resolved") return text;
  text += wrapped(terminal_safe(text_at(alert, "summary")), 4, look.columns);
  return text + wrapped("why: " + terminal_safe(text_at(alert, "why")), 4, look.columns);
}

std::string alerts_part(const json::object& result, const Look& look) {
  const auto* alerts = result.if_contains("alerts");
  if (!alerts) return {};
  if (as_array(*alerts, "the alerts").empty())
    return "\nalerts: " + painted("none would have fired", Tone::good, look) + "\n";
  std::string text = "\nalerts\n";
  for (const json::value& alert : alerts->get_array())
    text += alert_text(as_object(alert, "an alert"), look);
  return text;
}

std::string notes_part(const json::array& notes, const Look& look) {
  std::string text;
  for (const json::value& note : notes)
    text += wrapped(terminal_safe(std::string(note.as_string())), 0, look.columns);
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string replay_report(const json::object& result, const Look& look) {
  return flows_part(array_at(result, "flows"), look) + shards_part(result, look) +
         losses_part(object_at(result, "losses"), look) + alerts_part(result, look) +
         notes_part(array_at(result, "notes"), look);
}

bool any_fired(const json::object& result) {
  const auto* alerts = result.if_contains("alerts");
  return alerts && std::ranges::any_of(alerts->as_array(), [](const json::value& alert) {
           return text_at(alert.as_object(), "state") == "firing";
         });
}

}  // namespace fanfare
