// SPDX-License-Identifier: Apache-2.0
// What to ask the API server next, and what its answers make of the pods: list, then watch from
// there; list again where the server has forgotten. What is known stays known while it is away.
// Pure: the connection stands in pod_client.h.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/pods/pod_table.h"

namespace fanfare {

struct PodWatchOptions {
  // From failure to failure: doubled up to the last, and longer by up to a half: not all nodes of
  // a cluster ask in the same moment.
  std::chrono::milliseconds first_pause{1000};
  std::chrono::milliseconds last_pause{30000};
  // How long one watch lasts; the server ends it. Not all in the same moment either.
  std::chrono::seconds watch{300};
};

// For the exports. Ages in seconds as of `now` of the call.
struct PodWatchView {
  bool on = false;          // else nobody is asked, and all below says nothing
  std::string server{};     // "https://10.96.0.1:443", or why nobody is asked
  bool listed = false;      // the pods have been known once
  bool reachable = false;   // the last request was answered as it should be
  std::string error{};      // of the last request, empty where reachable
  double away_seconds = 0;  // since when it is not reachable
  std::size_t pods = 0;
};

class PodWatch {
 public:
  using Time = std::chrono::nanoseconds;  // CLOCK_MONOTONIC

  // `node`: the name of this node in the cluster.
  PodWatch(std::string node, Time now, const PodWatchOptions& options = {});

  // Path and query of the next request, below the server's base; to be sent at not_before().
  std::string target() const;
  bool streams() const { return watching_; }  // its answer has no end, and a line for each event
  Time not_before() const { return not_before_; }

  // Just one of these for each request, lines before. `now`: of the answer.
  void take_page(std::string_view body, Time now);
  void take_refusal(unsigned status, std::string_view body, Time now);  // any status but 200
  void take_error(std::string error, Time now);                         // no answer, or half of one
  void take_too_long(Time now);  // an answer that is longer than anybody wants to read
  void take_end(Time now);       // of a stream whose lines were taken

  void take_stream(Time now);  // the stream has begun
  // False where the stream is of no more use: the caller closes it and makes no other call.
  bool take_line(std::string_view line, Time now);

  // The latest; never null. The same pointer as long as nothing has changed.
  std::shared_ptr<const PodTable> table();
  PodWatchView view(Time now) const;

 private:
  void fail(std::string error, Time now);
  void begin_list();
  void list_anew(Time now);
  void succeed();
  Time paused(Time now) const;

  std::string node_;
  PodWatchOptions options_;
  double spread_ = 0;  // 0..0.5, of this node
  std::map<std::string, Pod> pods_;
  std::map<std::string, Pod> fresh_;  // of a list whose end has not come yet
  bool changed_ = false;
  std::shared_ptr<const PodTable> table_ = std::make_shared<PodTable>();
  bool watching_ = false;
  bool from_cache_ = true;  // any recent state will do; else the latest
  bool small_pages_ = false;
  std::string resource_version_;
  std::string next_;
  Time not_before_{};
  Time began_{};  // of the stream
  std::chrono::milliseconds pause_{0};
  bool listed_ = false;
  bool reachable_ = false;
  Time away_since_{};
  std::string error_ = "no answer yet";
};

}  // namespace fanfare
