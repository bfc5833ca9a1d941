// SPDX-License-Identifier: Apache-2.0
// Label values and JSON keys of the enums that more than one export shows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "agent/alerts/alert.h"
#include "agent/alerts/rules.h"
#include "agent/model/shards.h"
#include "bpf/abi.h"

namespace fanfare {

// Indexed by enum fanfare_class; the values of the metric label `class`.
inline constexpr std::array<std::string_view, FANFARE_CLASS_COUNT> class_names{"event", "heartbeat",
                                                                               "control", "other"};

// Of client sockets, indexed by enum class Pace.
inline constexpr std::array<std::string_view, 3> pace_names{"ok", "slow", "stuck"};

// Indexed by enum fanfare_fate; the values of the label `class` where fates are told.
inline constexpr std::array<std::string_view, FANFARE_FATE_COUNT> fate_names{"event", "other"};
// Indexed by enum class EndReason.
inline constexpr std::array<std::string_view, end_reasons> end_reason_names{"reset", "timeout",
                                                                            "close"};
// Indexed by enum class AgeClass.
inline constexpr std::array<std::string_view, age_classes> age_names{"1m", "10m", "1h", "older"};

// Indexed by enum fanfare_dark_reason: why a socket is dark, its `reason` in JSON; and the same for
// people, behind a number.
inline constexpr std::array<std::string_view, FANFARE_DARK_REASONS> dark_reason_names{
    "", "no_room", "older_no_room", "mptcp", "restored", "given_up"};
inline constexpr std::array<std::string_view, FANFARE_DARK_REASONS> dark_reason_texts{
    "",
    "found no room (raise limits.sockets)",
    "older than the agent found no room (raise limits.sockets)",
    "over MPTCP cannot be read (GODEBUG=multipathtcp=0 ends it in Go's servers)",
    "restored by a live migration wait to be found",
    "older than the agent were searched in vain (TLS inside the server?)"};

// The values of the label `role`.
inline constexpr std::string_view role_client = "client";
inline constexpr std::string_view role_replication = "replication";
// Of a socket whose client only publishes by HTTP; it is no socket of the metrics.
inline constexpr std::string_view role_publisher = "publisher";

// Indexed by enum fanfare_protocol; the values of the label `protocol`.
inline constexpr std::array<std::string_view, FANFARE_PROTOCOL_COUNT> protocol_names{
    "websocket", "hashicorp-raft", "mqtt", "sse"};

// Kinds of replication RPCs, the values of the label `kind`, with the field that counts each.
struct RpcKind {
  std::string_view name;
  std::uint64_t RpcTotals::*count;
};
inline constexpr std::array<RpcKind, 6> rpc_kinds{{
    {"append", &RpcTotals::append},              // with entries
    {"append_empty", &RpcTotals::append_empty},  // without: commit index, probe
    {"heartbeat", &RpcTotals::heartbeat},        // the timer's own
    {"vote", &RpcTotals::vote},
    {"snapshot", &RpcTotals::snapshot},
    {"other", &RpcTotals::other},
}};

// What can fire: each stands in fanfare_alerts_firing with 0 from the first scrape on.
struct AlertKind {
  std::string_view alertname;
  Severity severity;
};
inline constexpr std::array<AlertKind, 21> alert_kinds{{
    {alert_reach_loss, Severity::critical},
    {alert_reach_loss, Severity::warning},
    {alert_copies_loss, Severity::critical},
    {alert_copies_loss, Severity::warning},
    {alert_replication_loss, Severity::critical},
    {alert_replication_loss, Severity::warning},
    {alert_replication_stalled, Severity::critical},
    {alert_blind, Severity::critical},
    {alert_blind, Severity::warning},
    {alert_ack_loss, Severity::critical},
    {alert_ack_loss, Severity::warning},
    {alert_lost_at_close, Severity::warning},
    {alert_silent_sockets, Severity::warning},
    {alert_clients_stuck, Severity::warning},
    {alert_no_accepted, Severity::critical},
    {alert_no_accepted, Severity::warning},
    {alert_socket_collapse, Severity::warning},
    {alert_lag, Severity::critical},
    {alert_server_absent, Severity::critical},
    {alert_not_counting, Severity::critical},
    {alert_bookkeeping, Severity::warning},
}};

}  // namespace fanfare
