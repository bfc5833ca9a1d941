// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/selftest_verdict.h"

#include <algorithm>
#include <array>

#include "agent/cli/answer.h"
#include "agent/cli/numbers.h"

namespace fanfare {
namespace {

struct Judged {
  const char* key;  // of the row
  std::uint64_t TrafficFigures::*sent;
};

constexpr std::array<Judged, 6> judged = {{{"events_out", &TrafficFigures::events_out},
                                           {"control_out", &TrafficFigures::control_out},
                                           {"frames_out", &TrafficFigures::frames_out},
                                           {"events_in", &TrafficFigures::events_in},
                                           {"control_in", &TrafficFigures::control_in},
                                           {"frames_in", &TrafficFigures::frames_in}}};

}  // namespace

std::vector<Mismatch> mismatches(const TrafficFigures& sent, std::uint64_t cookie,
                                 const boost::json::array& rows) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [cookie](const boost::json::value& value) {
        return count_at(as_object(value, "a row"), "cookie") == cookie;
      });
  if (row == rows.end()) return {{"socket", "listed", "not seen by the agent"}};
  const boost::json::object& socket = row->as_object();
  std::vector<Mismatch> found;
  const std::string state = text_at(socket, "state");
  if (state != "synced") {
    const auto reason = maybe_text_at(socket, "reason");
    found.push_back({"state", "synced", state + (reason ? " (" + *reason + ")" : "")});
  }
  for (const Judged& one : judged) {
    const std::uint64_t got = count_at(socket, one.key);
    if (got == sent.*one.sent) continue;
    found.push_back({one.key, grouped(sent.*one.sent), grouped(got)});
  }
  return found;
}

}  // namespace fanfare
