// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/propagation_metrics.h"

#include <limits>
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

// By origin, of those that have settled, where single events are followed.
void add_origins(Families& families, std::string_view name, const ShardView& view) {
  const auto add = [&](std::string_view origin, std::uint64_t due, std::uint64_t reached) {
    const Labels labels = {{"shard", name}, {"origin", origin}};
    families.add(Metric::events_due, labels, due);
    if (view.shard.identifies) families.add(Metric::events_reached, labels, reached);
  };
  const OriginFigures& origins = view.judgement.origins;
  if (!origins.known)
    return add(origin_of_due(view.shard), events_due(view.shard), events_reached(view.shard));
  add("local", origins.due_local, origins.reached_local);
  add("remote", origins.due_remote, origins.reached_remote);
}

void add_lag(Families& families, std::string_view name, const LagFigures& lag) {
  Histogram histogram{.sum = lag.sum_seconds, .buckets = {}};
  for (std::size_t i = 0; i < lag.histogram.size(); ++i) {
    const double bound =
        i < lag_buckets.size() ? lag_buckets.at(i) : std::numeric_limits<double>::infinity();
    histogram.buckets.emplace_back(bound, lag.histogram.at(i));
  }
  families.add(Metric::propagation_lag, {{"shard", name}}, histogram);
}

}  // namespace

void add_propagation(Families& families, const ShardView& view) {
  const Shard& shard = view.shard;
  const std::string name = label_text(shard.name);
  const Labels labels = {{"shard", name}};
  families.add(Metric::events_accepted, labels, events_accepted(shard));
  families.add(Metric::event_copies, labels, event_copies(shard));
  // Without identity 0 would read as a total loss.
  add_origins(families, name, view);
  if (shard.identifies) add_lag(families, name, view.judgement.lag);
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
