// SPDX-License-Identifier: Apache-2.0
// One line in the log for each alert that begins, grows worse, cannot be judged any more, or ends.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "agent/alerts/alert.h"

namespace fanfare {

class AlertLog {
 public:
  // The alerts of a tick, as Board::advance returns them. True where something has changed.
  bool note(const std::vector<Alert>& alerts);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // name, shard, peer
  std::map<Key, std::pair<std::string_view, Severity>> noted_;    // state as it is called
};

}  // namespace fanfare
