// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/fail_below.h"

#include <fmt/format.h>

#include <optional>

#include "agent/cli/answer.h"
#include "agent/cli/escape.h"
#include "agent/cli/numbers.h"

namespace fanfare {
namespace {

namespace json = boost::json;

void check_coverage(const json::object& shard, double least, std::vector<std::string>& failures) {
  const std::string name = terminal_safe(text_at(shard, "shard"));
  const std::optional<double> coverage = maybe_number_at(shard, "coverage");
  if (!coverage) {
    failures.push_back(
        fmt::format("coverage of shard {} is unknown: it has no client sockets", name));
  } else if (!(*coverage >= least)) {
    failures.push_back(fmt::format("coverage of shard {} is {}, below {}", name, *coverage, least));
  }
}

void check_propagation(const json::object& shard, double least,
                       std::vector<std::string>& failures) {
  if (at_path(shard, "worst").is_null()) return;
  const json::object& worst = object_at(shard, "worst");
  const double relative = number_at(worst, "relative");
  if (relative >= least) return;
  const auto peer = maybe_text_at(worst, "peer");
  failures.push_back(
      fmt::format("{} of shard {}{} is {}, {:.4f} times what it should be, below {}",
                  terminal_safe(text_at(worst, "signal")), terminal_safe(text_at(shard, "shard")),
                  peer ? " to " + terminal_safe(*peer) : "",
                  of_normal_text(number_at(worst, "ratio"), maybe_number_at(worst, "normal")),
                  relative, least));
}

}  // namespace

std::vector<std::string> failures_below(const json::array& shards, double least) {
  std::vector<std::string> failures;
  bool any = false;
  for (const json::value& value : shards) {
    const json::object& shard = as_object(value, "a shard");
    if (text_at(shard, "shard") == selftest_shard) continue;
    any = true;
    check_coverage(shard, least, failures);
    check_propagation(shard, least, failures);
  }
  if (!any) failures.emplace_back("there is no shard whose coverage could be checked");
  return failures;
}

}  // namespace fanfare
