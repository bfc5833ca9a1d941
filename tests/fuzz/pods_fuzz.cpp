// SPDX-License-Identifier: Apache-2.0
// An API server that answers anything: the first byte of each piece says what it is. Whatever
// comes, the watch goes on with a next request, holds no more than its bounds, and waits after a
// failure.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/pods/cgroup_name.h"
#include "agent/pods/pod_watch.h"

namespace {

using namespace fanfare;
using namespace std::chrono_literals;

constexpr char between = '\x1e';  // record separator

void demand(bool holds) {
  if (!holds) std::abort();
}

void check(PodWatch& watch, PodWatch::Time now) {
  const auto target = watch.target();
  demand(target.starts_with("/api/v1/pods?fieldSelector=spec.nodeName%3D"));
  demand(target.find_first_of(" \r\n\t") == std::string::npos);
  demand(watch.not_before() >= now && watch.not_before() <= now + 1min);
  const auto table = watch.table();
  demand(table->pods().size() <= most_pods);
  for (const auto& [uid, pod] : table->pods()) demand(!uid.empty() && pod.uid == uid);
  const auto view = watch.view(now);
  demand(view.reachable == view.error.empty());
}

// Returns whether the answer is over.
bool answer(PodWatch& watch, char kind, std::string_view text, PodWatch::Time now) {
  switch (kind) {
    case 'e':
      watch.take_error("cut", now);
      return true;
    case 'l':
      watch.take_too_long(now);
      return true;
    case 's':
      watch.take_refusal(400 + text.size() % 200, text, now);
      return true;
    case 'x':
      if (watch.streams())
        watch.take_end(now);
      else
        watch.take_error("no answer", now);
      return true;
    default:
      break;
  }
  if (!watch.streams()) {
    watch.take_page(text, now);
    return true;
  }
  return !watch.take_line(text, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view left(reinterpret_cast<const char*>(data), size);
  PodWatch watch("node a/\xff", 0s);
  PodWatch::Time now = 0s;
  bool begun = false;
  while (!left.empty()) {
    const auto end = std::min(left.find(between), left.size());
    const auto piece = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (piece.empty()) continue;
    if (watch.streams() && !begun) watch.take_stream(now);
    begun = watch.streams();
    if (answer(watch, piece.front(), piece.substr(1), now)) {
      check(watch, now);
      now = watch.not_before();
      begun = false;
    }
    cgroup_name(piece);
    v1_container_path(piece);
  }
  return 0;
}
