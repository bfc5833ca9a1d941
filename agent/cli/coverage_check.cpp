// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/coverage_check.h"

#include <fmt/format.h>

#include <optional>

#include "agent/cli/answer.h"
#include "agent/cli/escape.h"

namespace fanfare {

std::vector<std::string> coverage_failures(const boost::json::array& shards, double least) {
  std::vector<std::string> failures;
  bool any = false;
  for (const boost::json::value& value : shards) {
    const boost::json::object& shard = as_object(value, "a shard");
    const std::string name = text_at(shard, "shard");
    if (name == selftest_shard) continue;
    any = true;
    const std::optional<double> coverage = maybe_number_at(shard, "coverage");
    if (!coverage) {
      failures.push_back(fmt::format("coverage of shard {} is unknown: it has no client sockets",
                                     terminal_safe(name)));
    } else if (!(*coverage >= least)) {
      failures.push_back(fmt::format("coverage of shard {} is {}, below {}", terminal_safe(name),
                                     *coverage, least));
    }
  }
  if (!any) failures.emplace_back("there is no shard whose coverage could be checked");
  return failures;
}

}  // namespace fanfare
