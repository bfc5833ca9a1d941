// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/propagation_metrics.h"

#include <map>

#include "agent/exports/label_text.h"
#include "agent/exports/names.h"
#include "agent/exports/propagation.h"

namespace fanfare {
namespace {

void add_signal(Families& families, std::string_view shard, const Signal& signal) {
  const std::string peer = label_text(signal.peer);
  const Labels labels = {{"shard", shard}, {"signal", signal.name}, {"peer", peer}};
  if (signal.ratio.value) families.add(Metric::propagation, labels, *signal.ratio.value);
  if (signal.normal) families.add(Metric::normal, labels, *signal.normal);
  families.add(Metric::evidence, labels, signal.evidence);
  families.add(Metric::loss_estimate, labels, signal.loss_estimate);
  families.add(Metric::detectable_loss, labels, signal.detectable_loss);
}

}  // namespace

void add_propagation(Families& families, const ShardView& view) {
  const Shard& shard = view.shard;
  const std::string name = label_text(shard.name);
  const Labels labels = {{"shard", name}};
  families.add(Metric::events_accepted, labels, events_accepted(shard));
  families.add(Metric::event_copies, labels, event_copies(shard));
  // Without identity 0 would read as a total loss.
  const Labels by_origin = {{"shard", name}, {"origin", origin_of_due(shard)}};
  if (shard.identifies) families.add(Metric::events_reached, by_origin, events_reached(shard));
  families.add(Metric::events_due, by_origin, events_due(shard));
  for (const Signal& signal : view.judgement.signals) add_signal(families, name, signal);
}

void add_alerts(Families& families, const View& view) {
  std::map<std::pair<std::string, Severity>, std::uint64_t> firing;
  for (const AlertKind& kind : alert_kinds) firing[{std::string(kind.alertname), kind.severity}];
  for (const Alert& alert : view.alerts) {
    if (alert.state == AlertState::firing) ++firing[{alert.name, alert.severity}];
  }
  for (const auto& [kind, count] : firing) {
    families.add(Metric::alerts_firing,
                 {{"alertname", kind.first}, {"severity", severity_name(kind.second)}}, count);
  }
  for (const AlertmanagerView& target : view.alertmanagers) {
    const std::string url = label_text(target.url);
    families.add(Metric::alert_posts, {{"target", url}, {"result", "taken"}}, target.posts);
    families.add(Metric::alert_posts, {{"target", url}, {"result", "failed"}}, target.failures);
  }
}

}  // namespace fanfare
