// SPDX-License-Identifier: Apache-2.0
// Which alerts there are, and what a judgement says to each of them. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/alerts/machine.h"
#include "agent/ratios/judgement.h"

namespace fanfare {

inline constexpr const char* alert_reach_loss = "FanfareReachLoss";
inline constexpr const char* alert_copies_loss = "FanfareCopiesLoss";
inline constexpr const char* alert_replication_loss = "FanfareReplicationLoss";
inline constexpr const char* alert_replication_stalled = "FanfareReplicationStalled";
inline constexpr const char* alert_blind = "FanfareBlind";
inline constexpr const char* alert_ack_loss = "FanfareAckLoss";
inline constexpr const char* alert_lost_at_close = "FanfareLostAtClose";
inline constexpr const char* alert_silent_sockets = "FanfareSilentSockets";
inline constexpr const char* alert_clients_stuck = "FanfareClientsStuck";
inline constexpr const char* alert_no_accepted = "FanfareNoAccepted";
inline constexpr const char* alert_socket_collapse = "FanfareSocketCollapse";
inline constexpr const char* alert_lag = "FanfareLag";
inline constexpr const char* alert_server_absent = "FanfareServerAbsent";
inline constexpr const char* alert_not_counting = "FanfareNotCounting";  // own_sight.h
inline constexpr const char* alert_bookkeeping = "FanfareBookkeepingBroken";

// Shares of what was due that are missing. From 5 % on users write in; below 1 % it is a note.
inline constexpr double loss_critical = 0.05;
inline constexpr double loss_warning = 0.01;
// How rooms burst, and that some are empty, is learned from many bursts: until reach has been
// learned or lost for that long, a smaller loss than this, or less evidence (nats) for it, does not
// page.
inline constexpr std::chrono::minutes reach_young_for{15};
inline constexpr double reach_young_critical = 0.4;
inline constexpr double reach_young_evidence = 40;
// A peer that answers and gets no entry for that long is stalled; elections take less.
inline constexpr std::chrono::seconds stalled_after{10};
// Of so few clients the share of events that reach one follows from who is in which room just now:
// without rooms it says nothing.
inline constexpr std::uint64_t clients_judged_by_share = 4;
// ... and of so few it is believed where it is large and well proven, as reach that is young.
inline constexpr std::uint64_t clients_judged_well = 10;
// Sight: the share of client sockets that must be readable, the share of capture losses in what was
// due that is borne, and how many where nothing was due.
inline constexpr double coverage_needed = 0.95;
inline constexpr double losses_borne = 0.001;
inline constexpr std::uint64_t losses_borne_idle = 100;

// What an alert is raised by, as Judge::clear() takes it; empty where the judge has no memory of
// it.
std::string_view signal_of(std::string_view alert_name);

// Empty where no alert has that name.
std::optional<Patience> patience_of(std::string_view alert_name);

struct AlertKey {
  std::string name;
  std::string shard;
  std::string peer;
  auto operator<=>(const AlertKey&) const = default;
};

struct Symptom {
  AlertKey key;
  Observation seen;
  const Signal* signal = nullptr;  // of the judgement, as is `stall`
  const Stall* stall = nullptr;
};

// One for each alert that the judgement can speak to; stalled peers before the loss of entries. The
// judgement must outlive them.
std::vector<Symptom> symptoms(const Judgement& judgement);

// Too few clients for the share of events that reaches one; rooms would tell.
bool is_too_small(const Judgement& judgement, const Signal& signal);

// What is normal for reach is not known well enough yet, or not for so few clients, for such a loss
// to page.
bool is_unproven(const Judgement& judgement, const Signal& signal);

// What a figure says for a signal: nothing while sight is doubtful, unless a loss is believed.
Verdict verdict_on(const Signal& signal, bool doubtful);

// Some of this shard is not seen: capture losses of its own, or client sockets that are not
// readable.
bool is_blind(const Judgement& judgement);

// So much of it, while something is due, that a loss would not be found.
bool hides_shard(const Judgement& judgement);

// Enough peers get entries for the shard to commit them: a majority with this node. True where no
// peer is ill.
bool can_commit(const Judgement& judgement);

}  // namespace fanfare
