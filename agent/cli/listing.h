// SPDX-License-Identifier: Apache-2.0
// The listings (shards, sockets, peers, alerts): which keys of the agent's answer they show, in
// what order, and how rows are chosen. One table of fields for each; --sort, the table and the help
// share it.
#pragma once

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/command.h"
#include "agent/cli/table.h"

namespace fanfare {

enum class Kind {
  text,
  count,
  id,  // a number that is a name: no grouping, sorted upwards
  rate,
  coverage,
  propagation,  // of the worst signal, with its normal
  severity,
  age,
};

struct Field {
  std::string_view key;    // for --sort
  std::string_view path;   // in a row of the answer, see answer.h
  std::string_view title;  // without blanks, so that awk can count columns
  Kind kind = Kind::text;
};

struct ListingShape {
  std::vector<Field> fields;
  std::vector<Squeeze> squeezes;
  std::string_view order;  // key that sorts where none is asked for; empty: as the agent orders
  std::string_view tie;    // key that orders equal rows; those that are still equal stay
};

const ListingShape& shards_listing();
const ListingShape& sockets_listing();
const ListingShape& peers_listing();
const ListingShape& alerts_listing();

std::vector<std::string> sort_keys(const ListingShape& shape);

struct Chosen {
  boost::json::array rows;
  std::size_t of = 0;  // rows that the limit chose from
};

// Throws BadAnswer where a row lacks a key that the listing shows.
Chosen choose(const boost::json::array& rows, const ListingShape& shape,
              const Selection& selection);
std::string listing_table(const boost::json::array& rows, const ListingShape& shape,
                          const Look& look);

}  // namespace fanfare
