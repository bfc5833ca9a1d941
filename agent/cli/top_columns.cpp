// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_columns.h"

#include <fmt/format.h>

#include <utility>

#include "agent/cli/numbers.h"

namespace fanfare::top {
namespace {

Value text(std::string value) { return {.text = std::move(value), .is_text = true}; }
Value least(std::optional<double> value) { return {.number = value}; }
Value most(std::optional<double> value) {
  return {.number = value ? std::optional(-*value) : std::nullopt};
}

std::optional<double> number(std::optional<std::uint64_t> count) {
  return count ? std::optional(static_cast<double>(*count)) : std::nullopt;
}

Cell rate_or_total(bool totals, std::uint64_t total, std::optional<double> rate) {
  return {totals ? grouped(total) : rate_text(rate)};
}

Value busiest(bool totals, std::uint64_t total, std::optional<double> rate) {
  return most(totals ? number(total) : rate);
}

Cell maybe_count(std::optional<std::uint64_t> count) {
  return {count ? grouped(*count) : unknown_figure};
}

Cell word(const std::string& text) { return {text.empty() ? unknown_figure : text}; }

Cell coverage_cell(std::optional<double> coverage) {
  return {ratio_text(coverage), !coverage ? Tone::plain : *coverage < 1 ? Tone::warn : Tone::good};
}

Cell propagation_cell(const std::optional<Propagation>& worst) {
  if (!worst) return {unknown_figure};
  return {worst->signal + " " + of_normal_text(worst->ratio, worst->normal), tone_of(*worst)};
}

Cell peer_ratio(const PeerRow& row) {
  if (row.signal == nullptr || !row.signal->ratio) return {unknown_figure};
  const double normal = row.signal->normal.value_or(1);
  const Propagation shown{"", "", *row.signal->ratio, row.signal->normal,
                          normal > 0 ? *row.signal->ratio / normal : 1};
  return {of_normal_text(shown.ratio, shown.normal), tone_of(shown)};
}

double severity_rank(const Alert& alert) {
  const double severity = alert.severity == "critical" ? 0 : alert.severity == "warning" ? 1 : 2;
  return severity + (alert.fires() ? 0 : alert.severity == "finding" ? 3 : 10);
}

Tone severity_tone(const Alert& alert) {
  if (alert.state == "resolved") return Tone::good;
  if (alert.severity == "finding") return Tone::warn;
  return alert.severity == "critical" && alert.fires() ? Tone::bad : Tone::warn;
}

Tone pace_tone(const std::string& pace) {
  if (pace == "stuck") return Tone::bad;
  return pace == "slow" ? Tone::warn : Tone::plain;
}

const std::vector<ColumnOf<Shard>> of_shard = {
    {"shard", "SHARD", "", Align::left, [](const Shard& s, bool) { return word(s.name); },
     [](const Shard& s, bool) { return text(s.name); }},
    {"sockets", "SOCKETS", "", Align::right,
     [](const Shard& s, bool) { return Cell{grouped(s.synced + s.unsynced + s.dark)}; },
     [](const Shard& s, bool) { return most(number(s.synced + s.unsynced + s.dark)); }},
    {"coverage", "COVERAGE", "", Align::right,
     [](const Shard& s, bool) { return coverage_cell(s.coverage); },
     [](const Shard& s, bool) { return least(s.coverage); }},
    {"out", "OUT/S", "EVENTS_OUT", Align::right,
     [](const Shard& s, bool t) { return rate_or_total(t, s.events_out, s.out_per_second); },
     [](const Shard& s, bool t) { return busiest(t, s.events_out, s.out_per_second); }},
    {"in", "IN/S", "EVENTS_IN", Align::right,
     [](const Shard& s, bool t) { return rate_or_total(t, s.events_in, s.in_per_second); },
     [](const Shard& s, bool t) { return busiest(t, s.events_in, s.in_per_second); }},
    {"propagation", "PROPAGATION", "", Align::left,
     [](const Shard& s, bool) { return propagation_cell(s.worst); },
     // What pages somebody stands before what does not.
     [](const Shard& s, bool) {
       const double before = s.critical ? 20 : s.firing > 0 ? 10 : 0;
       if (!s.worst && before == 0) return least({});
       return least((s.worst ? s.worst->relative : 1) - before);
     }},
    {"evidence", "EVIDENCE", "", Align::right,
     [](const Shard& s, bool) { return evidence_cell(s.evidence); },
     [](const Shard& s, bool) { return most(s.evidence.nats); }},
};
const std::vector<Concession> shard_concessions = {
    {"shard", 24}, {"in"},  {"sockets"},  {"shard", 14},      {"evidence"},
    {"coverage"},  {"out"}, {"shard", 6}, {"propagation", 6},
};

const std::vector<ColumnOf<Socket>> of_socket = {
    {"remote", "REMOTE", "", Align::left, [](const Socket& s, bool) { return word(s.remote); },
     [](const Socket& s, bool) { return text(s.remote); }},
    {"role", "ROLE", "", Align::left,
     [](const Socket& s, bool) { return word(s.role == "replication" ? "peer" : s.role); },
     [](const Socket& s, bool) { return text(s.role); }},
    {"state", "STATE", "", Align::left,
     [](const Socket& s, bool) {
       return Cell{s.state, s.state == "synced" ? Tone::good : Tone::warn};
     },
     // What is not counted first.
     [](const Socket& s, bool) { return least(s.state == "synced" ? 1 : 0); }},
    {"out", "OUT/S", "OUT", Align::right,
     [](const Socket& s, bool t) { return rate_or_total(t, s.out, s.out_per_second); },
     [](const Socket& s, bool t) { return busiest(t, s.out, s.out_per_second); }},
    {"in", "IN/S", "IN", Align::right,
     [](const Socket& s, bool t) { return rate_or_total(t, s.in, s.in_per_second); },
     [](const Socket& s, bool t) { return busiest(t, s.in, s.in_per_second); }},
    {"events", "EVENTS", "EVENTS", Align::right,
     [](const Socket& s, bool) { return Cell{grouped(s.out + s.in)}; },
     [](const Socket& s, bool) { return most(number(s.out + s.in)); }},
    {"unsent", "UNSENT", "", Align::right,
     [](const Socket& s, bool) {
       return Cell{maybe_count(s.unsent_bytes).text,
                   s.unsent_bytes.value_or(0) > 0 ? Tone::warn : Tone::plain};
     },
     [](const Socket& s, bool) { return most(number(s.unsent_bytes)); }},
    {"pace", "PACE", "", Align::left,
     [](const Socket& s, bool) {
       return Cell{s.pace, pace_tone(s.pace)};
     },
     // The stuck ones first.
     [](const Socket& s, bool) {
       return least(s.pace == "stuck" ? 0 : s.pace == "slow" ? 1 : 2);
     }},
    {"srtt", "SRTT", "", Align::right,
     [](const Socket& s, bool) {
       return Cell{s.srtt_us ? fmt::format("{:.1f} ms", static_cast<double>(*s.srtt_us) / 1000)
                             : unknown_figure};
     },
     [](const Socket& s, bool) { return most(number(s.srtt_us)); }},
    {"last", "LAST", "", Align::right,
     [](const Socket& s, bool) { return Cell{age_text(s.last_event_seconds)}; },
     [](const Socket& s, bool) { return most(s.last_event_seconds); }},
    {"pid", "PID", "", Align::right,
     [](const Socket& s, bool) { return Cell{s.pid ? std::to_string(*s.pid) : unknown_figure}; },
     [](const Socket& s, bool) { return least(number(s.pid)); }},
    {"comm", "COMM", "", Align::left, [](const Socket& s, bool) { return word(s.comm); },
     [](const Socket& s, bool) { return text(s.comm); }},
    {"place", "POD/UNIT", "", Align::left, [](const Socket& s, bool) { return word(s.place); },
     [](const Socket& s, bool) { return text(s.place); }},
    {"reason", "REASON", "", Align::left, [](const Socket& s, bool) { return word(s.reason); },
     [](const Socket& s, bool) { return text(s.reason); }},
    {"local", "LOCAL", "", Align::left, [](const Socket& s, bool) { return word(s.local); },
     [](const Socket& s, bool) { return text(s.local); }},
};
const std::vector<Concession> socket_concessions = {
    {"local"},   {"reason"}, {"events"},    {"place"}, {"last"}, {"remote", 18},
    {"comm", 4}, {"srtt"},   {"role"},      {"pid"},   {"comm"}, {"unsent"},
    {"pace"},    {"state"},  {"remote", 8}, {"in"},
};

const std::vector<ColumnOf<PeerRow>> of_peer = {
    {"peer", "PEER", "", Align::left, [](const PeerRow& r, bool) { return word(r.peer.name); },
     [](const PeerRow& r, bool) { return text(r.peer.name); }},
    {"address", "ADDRESS", "", Align::left,
     [](const PeerRow& r, bool) { return word(r.peer.address); },
     [](const PeerRow& r, bool) { return text(r.peer.address); }},
    {"sockets", "SOCKETS", "", Align::right,
     [](const PeerRow& r, bool) {
       return Cell{grouped(r.peer.synced + r.peer.unsynced),
                   r.peer.unsynced > 0 ? Tone::warn : Tone::plain};
     },
     [](const PeerRow& r, bool) { return most(number(r.peer.synced + r.peer.unsynced)); }},
    {"out", "OUT/S", "ENTRIES_OUT", Align::right,
     [](const PeerRow& r, bool t) {
       return rate_or_total(t, r.peer.entries_out, r.peer.out_per_second);
     },
     [](const PeerRow& r, bool t) {
       return busiest(t, r.peer.entries_out, r.peer.out_per_second);
     }},
    {"in", "IN/S", "ENTRIES_IN", Align::right,
     [](const PeerRow& r, bool t) {
       return rate_or_total(t, r.peer.entries_in, r.peer.in_per_second);
     },
     [](const PeerRow& r, bool t) { return busiest(t, r.peer.entries_in, r.peer.in_per_second); }},
    {"behind", "BEHIND", "", Align::right,
     [](const PeerRow& r, bool) { return maybe_count(r.peer.behind); },
     [](const PeerRow& r, bool) { return most(number(r.peer.behind)); }},
    {"stalled", "STALLED", "", Align::right,
     [](const PeerRow& r, bool) {
       return Cell{age_text(r.peer.stalled_seconds),
                   r.peer.stalled_seconds ? Tone::bad : Tone::plain};
     },
     [](const PeerRow& r, bool) { return most(r.peer.stalled_seconds); }},
    {"confirmed", "CONFIRMED", "", Align::left,
     [](const PeerRow& r, bool) { return peer_ratio(r); },
     [](const PeerRow& r, bool) {
       return least(r.signal ? r.signal->ratio : std::optional<double>());
     }},
    {"evidence", "EVIDENCE", "", Align::right,
     [](const PeerRow& r, bool) {
       return r.signal ? evidence_cell(r.signal->evidence) : Cell{unknown_figure};
     },
     [](const PeerRow& r, bool) {
       return most(r.signal ? std::optional(r.signal->evidence.nats) : std::nullopt);
     }},
};
const std::vector<Concession> peer_concessions = {
    {"sockets"}, {"address"}, {"evidence"}, {"in"},        {"stalled"},
    {"peer", 8}, {"behind"},  {"out"},      {"confirmed"}, {"peer", 4},
};

const std::vector<ColumnOf<Alert>> of_alert = {
    {"severity", "SEVERITY", "", Align::left,
     [](const Alert& a, bool) {
       return Cell{a.severity, severity_tone(a)};
     },
     [](const Alert& a, bool) { return least(severity_rank(a)); }},
    {"state", "STATE", "", Align::left, [](const Alert& a, bool) { return word(a.state); },
     [](const Alert& a, bool) { return text(a.state); }},
    {"for", "FOR", "", Align::right,
     [](const Alert& a, bool) { return Cell{age_text(a.since_seconds)}; },
     [](const Alert& a, bool) { return most(a.since_seconds); }},
    {"alert", "ALERT", "", Align::left, [](const Alert& a, bool) { return word(a.name); },
     [](const Alert& a, bool) { return text(a.name); }},
    {"shard", "SHARD", "", Align::left, [](const Alert& a, bool) { return word(a.shard); },
     [](const Alert& a, bool) { return text(a.shard); }},
    {"peer", "PEER", "", Align::left, [](const Alert& a, bool) { return word(a.peer); },
     [](const Alert& a, bool) { return text(a.peer); }},
    {"step", "STEP", "", Align::left, [](const Alert& a, bool) { return word(a.step); },
     [](const Alert& a, bool) { return text(a.step); }},
};
const std::vector<Concession> alert_concessions = {
    {"step"}, {"peer"}, {"state"}, {"shard", 8}, {"for"}, {"shard"}, {"alert", 10}, {"severity", 4},
};

}  // namespace

const ColumnsOf<Shard>& shard_columns() {
  static const ColumnsOf<Shard> columns{of_shard, shard_concessions};
  return columns;
}

const ColumnsOf<Socket>& socket_columns() {
  static const ColumnsOf<Socket> columns{of_socket, socket_concessions};
  return columns;
}

const ColumnsOf<PeerRow>& peer_columns() {
  static const ColumnsOf<PeerRow> columns{of_peer, peer_concessions};
  return columns;
}

const ColumnsOf<Alert>& alert_columns() {
  static const ColumnsOf<Alert> columns{of_alert, alert_concessions};
  return columns;
}

Tone tone_of(const Propagation& propagation) {
  return propagation.relative < 0.95   ? Tone::bad
         : propagation.relative < 0.99 ? Tone::warn
                                       : Tone::good;
}

Cell evidence_cell(const Evidence& evidence) {
  const bool believed = evidence.threshold > 0 && evidence.nats >= evidence.threshold;
  const bool grows = evidence.threshold > 0 && evidence.nats >= evidence.threshold / 4;
  return {fmt::format("{:.1f}", evidence.nats), believed ? Tone::bad
                                                : grows  ? Tone::warn
                                                         : Tone::plain};
}

}  // namespace fanfare::top
