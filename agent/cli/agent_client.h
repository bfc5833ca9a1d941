// SPDX-License-Identifier: Apache-2.0
// One question to the running agent: a blocking HTTP exchange over its admin socket. Says in a
// sentence why there is no answer and what to do about it. Does not know what the answers mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace fanfare {

// No usable answer; the text names the cause and the remedy.
struct AgentUnreachable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct AgentAddress {
  std::string path;                          // of the admin socket
  std::chrono::milliseconds timeout{10000};  // for the whole exchange
  // 131,072 sockets, the default limit, are some 90 MB.
  std::uint64_t longest_answer = 512ULL * 1024 * 1024;
};

// Body of a 200 answer. `target` as on the request line, already encoded.
std::string ask_agent(const AgentAddress& agent, const std::string& target);

// The same of a POST, which changes something.
std::string tell_agent(const AgentAddress& agent, const std::string& target);

// For a value in a query.
std::string url_encoded(const std::string& value);

}  // namespace fanfare
