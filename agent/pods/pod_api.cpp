// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_api.h"

#include <unistd.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cstdlib>

namespace fanfare {
namespace {

std::string text_of(boost::urls::string_view text) { return {text.data(), text.size()}; }

// kubelet sets them in each pod, the address of IPv6 without brackets.
std::string url_of(const std::string& host, const std::string& port) {
  const bool ipv6 = host.find(':') != std::string::npos;
  return "https://" + (ipv6 ? "[" + host + "]" : host) + ":" + port;
}

std::optional<PodApi> parse_url(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || url->host().empty() || url->has_userinfo() || url->has_query()) return std::nullopt;
  const bool tls = url->scheme_id() == boost::urls::scheme::https;
  if (!tls && url->scheme_id() != boost::urls::scheme::http) return std::nullopt;
  const bool ipv6 = url->host_type() == boost::urls::host_type::ipv6;
  PodApi api{.tls = tls,
             .host = ipv6 ? url->host_address() : url->host(),
             .port = url->port().empty() ? (tls ? "443" : "80") : text_of(url->port()),
             .host_header = text_of(url->encoded_host_and_port()),
             .base = text_of(url->encoded_path()),
             .token_file = {},
             .ca_file = {},
             .node = {},
             .shown = text};
  while (api.base.ends_with('/')) api.base.pop_back();
  return api;
}

}  // namespace

PodApiChoice choose_pod_api(const Kubernetes& wanted, const std::string& agents_node,
                            const std::function<std::string(const char*)>& environment,
                            const std::function<bool(const std::string&)>& has_file) {
  if (wanted.api == "off") return {std::nullopt, "kubernetes.api is off"};
  std::string url = wanted.api;
  if (url == "auto") {
    const auto host = environment("KUBERNETES_SERVICE_HOST");
    const auto port = environment("KUBERNETES_SERVICE_PORT");
    if (host.empty() || port.empty())
      return {std::nullopt, "the agent runs in no pod (KUBERNETES_SERVICE_HOST is not set)"};
    if (!has_file(wanted.token_file))
      return {std::nullopt, "the pod has no service account's token at " + wanted.token_file};
    url = url_of(host, port);
  }
  auto api = parse_url(url);
  if (!api) return {std::nullopt, url + " is no URL of an API server"};
  api->token_file = wanted.token_file;
  api->ca_file = wanted.ca_file;
  const auto named = environment("NODE_NAME");
  api->node = wanted.node != "auto" ? wanted.node : named.empty() ? agents_node : named;
  return {std::move(api)};
}

PodApiChoice choose_pod_api(const Config& config) {
  return choose_pod_api(
      config.kubernetes, config.node,
      [](const char* name) {
        const char* value = std::getenv(name);  // one thread
        return std::string(value ? value : "");
      },
      [](const std::string& file) { return ::access(file.c_str(), R_OK) == 0; });
}

}  // namespace fanfare
