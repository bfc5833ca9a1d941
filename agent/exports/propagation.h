// SPDX-License-Identifier: Apache-2.0
// The figures of a shard's propagation that more than one export shows, in one place.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/exports/view.h"

namespace fanfare {

// Events taken from clients, cumulative.
std::uint64_t events_accepted(const Shard& shard);

// Events that this node had to copy to its clients, cumulative: the denominator that is judged by.
std::uint64_t events_due(const Shard& shard);
// Of them: without replication other nodes' events are no part of what was due here.
std::uint64_t events_reached(const Shard& shard);
// Where they came from, a value of the label `origin`.
const char* origin_of_due(const Shard& shard);

// Event messages out, cumulative; where identities are read, without the publisher's own.
std::uint64_t event_copies(const Shard& shard);

// The ratio by its normal, 1 where all is well. A reach or replication ratio without a normal
// stands for itself; copies for each event and the fate of acks mean nothing before their normal is
// learned. Empty: unknown, or no step of the propagation (silence, stuck, close_loss, accepted).
std::optional<double> relative(const Signal& signal);

// The signal whose relative ratio is lowest; null where none is known. Copies speak only where
// reach is not known: how many there are for each event goes up and down with the rooms that talk.
// The fate of acks speaks where nothing else is known, or where a loss of them is believed.
const Signal* worst_signal(const ShardView& view);

}  // namespace fanfare
