// SPDX-License-Identifier: Apache-2.0
// What the API server answers about pods (API group core/v1), read from its JSON. Pure; takes any
// bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/pods/pod_table.h"

namespace fanfare {

// An answer to a list, or a part of it.
struct PodPage {
  std::string resource_version;
  std::string next{};  // the token for the next part; empty: this was the last
  std::vector<Pod> pods{};
};

// Empty where the text is no PodList. Entries that have no uid or name are left out.
std::optional<PodPage> parse_pod_page(std::string_view text);

// A line of a watch.
struct PodEvent {
  enum class Kind {
    changed,   // ADDED, MODIFIED
    deleted,   // DELETED
    bookmark,  // only the resource version has moved
    error,     // the watch is over
  };
  Kind kind = Kind::error;
  Pod pod{};                       // changed, deleted
  std::string resource_version{};  // all but error; empty where the line names none
  unsigned code = 0;               // error: as of HTTP, 410: the resource version is too old
  std::string message{};           // error
};

// Empty where the text is no such line.
std::optional<PodEvent> parse_pod_event(std::string_view line);

// What a refusal says of itself: the message of a Status; empty where the text is none.
std::string parse_status_message(std::string_view text);

}  // namespace fanfare
