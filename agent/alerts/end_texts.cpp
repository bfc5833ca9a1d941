// SPDX-License-Identifier: Apache-2.0
#include "agent/alerts/end_texts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>

#include "agent/config/text.h"

namespace fanfare {

std::string missing_text(const Symptom& symptom, const Judgement& judgement) {
  if (symptom.seen.verdict != Verdict::unknown && !symptom.seen.by_memory) return {};
  if (symptom.key.name == alert_server_absent) return "who listens could not be told";
  if (judgement.empty_for.count() > 0) return "nobody listens for the shard and no client is there";
  if (is_blind(judgement))
    return judgement.coverage && *judgement.coverage < coverage_needed
               ? fmt::format("only {:.0f} % of the client sockets are readable",
                             *judgement.coverage * 100)
               : "too much was lost in the capture";
  if (symptom.signal && !symptom.signal->ratio.unknown.empty())
    return symptom.signal->ratio.unknown;
  return "nothing has happened that it could be judged by";
}

std::string gone_text(Wall last_socket) {
  if (last_socket == Wall{})
    return "the shard is gone: no socket of it has been open since the agent's start.";
  const auto second = std::chrono::floor<std::chrono::seconds>(last_socket);
  return fmt::format("the shard is gone: its last socket closed at {:%Y-%m-%dT%H:%M:%SZ}.",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(second)));
}

std::string ended_text(const EndedShard& shard) {
  if (shard.goes_on_as.empty()) return gone_text(shard.last_socket);
  return fmt::format("the server is known now, the shard goes on as {}.",
                     escaped(shard.goes_on_as));
}

}  // namespace fanfare
