// SPDX-License-Identifier: Apache-2.0
// The columns of each list of `fanfare top`, left to right, and what is given up for width.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/table.h"
#include "agent/cli/top_data.h"

namespace fanfare::top {

// What a row is sorted by: the smallest stands first, an empty text and a missing number last.
struct Value {
  std::optional<double> number{};
  std::string text{};
  bool is_text = false;
};

template <typename Row>
struct ColumnOf {
  std::string_view key;  // for --sort
  std::string_view title;
  std::string_view title_of_totals;  // empty: the same
  Align align = Align::left;
  Cell (*cell)(const Row&, bool totals) = nullptr;
  Value (*value)(const Row&, bool totals) = nullptr;
};

struct Concession {
  std::string_view key;
  std::size_t width = 0;  // 0: drop the column
};

template <typename Row>
struct ColumnsOf {
  std::vector<ColumnOf<Row>> columns;
  std::vector<Concession> concessions;  // least important first
};

// A peer beside what the shard's signals say of it; `signal` may be null.
struct PeerRow {
  const Peer& peer;
  const PeerSignal* signal;
};

const ColumnsOf<Shard>& shard_columns();
const ColumnsOf<Socket>& socket_columns();
const ColumnsOf<PeerRow>& peer_columns();
const ColumnsOf<Alert>& alert_columns();

// "0.31 of 0.99" as red as what is behind it: 5 % of a loss page somebody.
Tone tone_of(const Propagation& propagation);

// Red from the threshold on, yellow from a quarter of it.
Cell evidence_cell(const Evidence& evidence);

}  // namespace fanfare::top
