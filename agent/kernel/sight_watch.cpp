// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/sight_watch.h"

#include <cstring>
#include <utility>

namespace fanfare {
namespace {

using namespace std::chrono_literals;

constexpr auto mend_pause = 10s;  // where links that look well do not count

std::string what_is_wrong(const Attachment& found, const std::string& path) {
  if (found.cgroup == 0) return "the directory " + path + " is gone";
  if (!found.egress && !found.ingress)
    return "neither egress nor ingress was attached to the cgroup that has the path " + path;
  return std::string(found.egress ? "ingress" : "egress") +
         " was not attached to the cgroup that has the path " + path;
}

}  // namespace

SightWatch::SightWatch(const CgroupTarget& cgroup, Probes& probes, const FlowTable& flows)
    : cgroup_(cgroup), probes_(probes), check_(flows) {}

void SightWatch::begin(Monotonic now, std::set<std::uint16_t> ports) {
  check_.begin(cgroup_, std::move(ports));
  sight_.attached = true;
  looked_ = all_well_ = now;
  settle(now);
}

// True where sockets have to be adopted anew.
bool SightWatch::mend(Monotonic now, const Attachment& found) {
  // What was never in the scope is not brought into it by that.
  const bool silent = found.whole() && check_.result() == SelfCheckResult::missed &&
                      check_.scope().result != ScopeResult::refuted;
  if (found.whole() && (!silent || now - mended_ < mend_pause)) return false;
  if (!found.whole()) sight_.attached_text = what_is_wrong(found, cgroup_.path);
  mended_ = now;
  cgroup_.id = found.cgroup;
  if (found.cgroup == 0) return false;
  if (const int error = probes_.attach_again(cgroup_, silent)) {
    sight_.attached_text += std::string(", and cannot be attached again: ") + std::strerror(error);
    return false;
  }
  check_.begin_anew();
  to_be_proven_ = true;
  results_ = check_.results();
  return true;
}

void SightWatch::settle(Monotonic now) {
  sight_.self_check = check_.result();
  sight_.self_check_text = check_.text();
  sight_.scope = check_.scope();
  if (check_.results() != results_) to_be_proven_ = false;
  sight_.blind = !sight_.attached || to_be_proven_ || sight_.self_check == SelfCheckResult::missed;
  if (sight_.blind) sight_.blind_ever += now - looked_;
  looked_ = now;
  if (!sight_.blind) all_well_ = now;
  sight_.blind_for = now - all_well_;
}

SightWatch::Outcome SightWatch::advance(Monotonic now) {
  const auto found = probes_.attachment(cgroup_.path);
  const bool again = mend(now, found);
  // Of this tick as it was found: what is mended is well at the next, once it is seen to be.
  sight_.attached = found.whole();
  check_.advance(now, cgroup_);
  settle(now);
  return again ? Outcome::attached_again : Outcome::as_before;
}

}  // namespace fanfare
