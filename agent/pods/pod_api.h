// SPDX-License-Identifier: Apache-2.0
// Which API server is asked for the pods of this node, and with what.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/config/config.h"

namespace fanfare {

struct PodApi {
  bool tls = true;   // without it no token is sent
  std::string host;  // name or address, IPv6 without brackets
  std::string port;
  std::string host_header;  // with brackets
  std::string base{};       // path before /api, without a slash at its end
  std::string token_file;   // read for each request: it is renewed while the agent runs
  std::string ca_file;
  std::string node;   // spec.nodeName of the pods
  std::string shown;  // the URL
  bool operator==(const PodApi&) const = default;
};

struct PodApiChoice {
  std::optional<PodApi> api;
  std::string why_not{};  // a sentence, where there is none
};

// `environment`: the value of a variable, empty where it is not set. `has_file`: it can be read.
PodApiChoice choose_pod_api(const Kubernetes& wanted, const std::string& agents_node,
                            const std::function<std::string(const char*)>& environment,
                            const std::function<bool(const std::string&)>& has_file);
// Of this process.
PodApiChoice choose_pod_api(const Config& config);

}  // namespace fanfare
