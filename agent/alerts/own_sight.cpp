// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/own_sight.h"

#include <algorithm>
#include <string_view>

#include "agent/config/text.h"

namespace fanfare {

namespace {

// All of it, and it has the path of a cgroup: escaped() would cut it short.
std::string printable(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    const bool good = point.bytes > 0 && is_printable(point.value);
    const std::size_t taken = std::max<std::size_t>(point.bytes, 1);
    safe += good ? text.substr(0, taken) : "?";
    text.remove_prefix(taken);
  }
  return safe;
}

}  // namespace

Symptom symptom_of(const OwnSight& sight) {
  return {{alert_not_counting, {}, {}},
          {sight.blind ? Verdict::ill : Verdict::well, Severity::critical, sight.seconds}};
}

Texts describe(const OwnSight& sight) {
  Texts texts;
  texts.step = "capture";
  texts.summary = "fanfare does not count on this node: an outage here goes unnoticed.";
  texts.why = sight.blind ? printable(sight.why)
                          : "The programs are attached, and the agent's own message is in its "
                            "counters again.";
  texts.next =
      "Run `fanfare status` on this node, then `bpftool cgroup tree`: find out who detaches "
      "programs "
      "or removes the cgroup. What passed meanwhile is the loss unattached.";
  return texts;
}

}  // namespace fanfare
