// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/judgement_json.h"

#include <algorithm>
#include <boost/json/object.hpp>

#include "agent/exports/findings.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/exports/label_text.h"
#include "agent/exports/propagation.h"

namespace fanfare {
namespace {

namespace json = boost::json;

json::object signal_object(const Signal& signal) {
  const Ratio& ratio = signal.ratio;
  return {
      {"name", signal.name},
      {"peer", text_or_null(signal.peer)},
      {"ratio", number_or_null(ratio.value)},
      {"numerator", ratio.numerator},
      {"denominator", ratio.denominator},
      {"window_seconds", ratio.window.count()},
      {"normal", number_or_null(signal.normal)},
      {"learned_seconds", signal.learned ? json::value(signal.learned->count()) : nullptr},
      {"evidence", thousandths(signal.evidence)},
      {"threshold", thousandths(signal.threshold)},
      {"loss_estimate", signal.loss_estimate},
      {"detectable_loss", signal.detectable_loss},
      {"losses", ratio.losses},
      {"coverage", number_or_null(ratio.coverage)},
      {"unknown", text_or_null(ratio.unknown)},
      {"lost", signal.lost},
  };
}

json::object worst_object(const Signal& signal) {
  return {{"signal", signal.name},
          {"peer", text_or_null(signal.peer)},
          {"ratio", number_or_null(signal.ratio.value)},
          {"normal", number_or_null(signal.normal)},
          {"relative", number_or_null(relative(signal))}};
}

// null before it has happened.
json::value unix_seconds(Wall time) {
  if (time == Wall{}) return nullptr;
  return thousandths(std::chrono::duration<double>(time.time_since_epoch()).count());
}

json::object alert_object(const Alert& alert, Monotonic now) {
  return {
      {"alertname", alert.name},
      {"severity", std::string(severity_name(alert.severity))},
      {"state", std::string(state_name(alert))},
      {"shard", text_or_null(alert.shard)},
      {"peer", text_or_null(alert.peer)},
      {"started_seconds", unix_seconds(alert.started)},
      {"ended_seconds", unix_seconds(alert.ended)},
      {"since_seconds", seconds(std::max(now - alert.since, Monotonic{0}))},
      {"step", text_or_null(alert.step)},
      {"summary", label_text(alert.summary)},
      {"why", label_text(alert.why)},
      {"next", label_text(alert.next)},
      {"missing", text_or_null(alert.missing)},
      {"ended_by", text_or_null(alert.ended_by)},
  };
}

}  // namespace

json::array signal_array(const ShardView& view) {
  json::array signals;
  for (const Signal& signal : view.judgement.signals) signals.push_back(signal_object(signal));
  return signals;
}

json::value worst_value(const ShardView& view) {
  const Signal* worst = worst_signal(view);
  return worst == nullptr ? json::value(nullptr) : json::value(worst_object(*worst));
}

json::value worst_value(const View& view) {
  const ShardView* in = nullptr;
  const Signal* worst = nullptr;
  double least = 0;
  for (const ShardView& shard : view.shards) {
    const Signal* here = worst_signal(shard);
    const double ratio = here == nullptr ? 0 : relative(*here).value_or(0);
    if (here == nullptr || (worst != nullptr && ratio >= least)) continue;
    in = &shard;
    worst = here;
    least = ratio;
  }
  if (worst == nullptr) return nullptr;
  json::object object = {{"shard", label_text(in->shard.name)}};
  const json::object figures = worst_object(*worst);
  object.insert(figures.begin(), figures.end());
  return object;
}

json::array alert_array(const View& view, Monotonic now) {
  json::array alerts;
  for (const Alert& alert : view.alerts) alerts.push_back(alert_object(alert, now));
  return alerts;
}

json::array alertmanager_array(const View& view, Monotonic now) {
  const auto since = snapshot_age(view, now).value_or(Monotonic{0});
  json::array targets;
  for (const AlertmanagerView& target : view.alertmanagers) {
    const bool never = target.last_post_seconds < 0;
    targets.push_back(
        {{"url", label_text(target.url)},
         {"reachable", target.reachable},
         {"error", text_or_null(target.error)},
         {"last_post_seconds",
          never ? json::value(nullptr)
                : json::value(thousandths(target.last_post_seconds + seconds(since)))},
         {"posts", target.posts},
         {"failures", target.failures}});
  }
  return targets;
}

std::string alerts_json(const View& view, Monotonic now) {
  return json_text(alert_array(view, now)) + "\n";
}

}  // namespace fanfare
