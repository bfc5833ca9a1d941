// SPDX-License-Identifier: Apache-2.0
// The table of paths and what stands behind each.
#include "agent/exports/respond.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/exports/explain.h"
#include "agent/exports/findings.h"
#include "agent/exports/gzip.h"
#include "agent/exports/history_json.h"
#include "agent/exports/json.h"
#include "agent/exports/judgement_json.h"
#include "agent/exports/metrics.h"
#include "agent/exports/page.h"
#include "agent/exports/peers_json.h"
#include "agent/exports/sockets_json.h"

namespace fanfare {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view plain = "text/plain; charset=utf-8";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view events_type = "text/event-stream";
constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

struct Answer {
  http::status status = http::status::ok;
  std::string_view type = plain;
  std::string body;
  std::string_view policy{};  // Content-Security-Policy, of the page
  bool gzip = false;
  bool may_be_packed = false;  // is worth it, and is not packed yet
};

struct Question {
  const View& view;
  const Request& request;
  boost::urls::url_view url;
  Surface surface;
  Monotonic now;
};

Answer paths(const Question& question);

// `q=0` after a coding refuses it.
bool takes_gzip(const Request& request) {
  for (const auto& [coding, parameters] : http::ext_list(request[http::field::accept_encoding])) {
    if (coding != "gzip") continue;
    return std::ranges::none_of(parameters, [](const auto& parameter) {
      return parameter.first == "q" &&
             parameter.second.find_first_not_of("0.") == std::string::npos;
    });
  }
  return false;
}

Answer page(const Question& q) {
  const bool gzip = takes_gzip(q.request);
  const LivePage& live = live_page();
  return {http::status::ok, html_type, std::string(gzip ? live.gzip : live.html), live.policy,
          gzip};
}

Answer events(const Question&) { return {http::status::ok, events_type, {}}; }

Answer metrics(const Question& q) {
  return {http::status::ok, metrics_type, metrics_text(q.view), {}, false, true};
}

// A small answer is not worth a millisecond.
constexpr std::size_t worth_packing = 2048;  // bytes

void pack(Answer& answer, const Request& request) {
  if (answer.type == json_type) answer.may_be_packed = true;
  if (!answer.may_be_packed || answer.body.size() < worth_packing || !takes_gzip(request)) return;
  if (std::string packed = gzip(answer.body); !packed.empty()) {
    answer.body = std::move(packed);
    answer.gzip = true;
  }
}

Answer alive(const Question&) { return {http::status::ok, plain, "alive\n"}; }

Answer ready(const Question& q) {
  const std::vector<Finding> reasons = unready(q.view, q.now);
  if (reasons.empty()) {
    return {http::status::ok, plain, "ready\n"};
  }
  Answer answer{http::status::service_unavailable, plain, {}};
  for (const Finding& reason : reasons) {
    answer.body += fmt::format("{}: {} {}\n", reason.code, reason.text, reason.remedy);
  }
  return answer;
}

Answer status(const Question& q) {
  return {http::status::ok, json_type, status_json(q.view, q.now)};
}

Answer shards(const Question& q) { return {http::status::ok, json_type, shards_json(q.view)}; }

Answer peers(const Question& q) { return {http::status::ok, json_type, peers_json(q.view, q.now)}; }

Answer alerts(const Question& q) {
  return {http::status::ok, json_type, alerts_json(q.view, q.now)};
}

// Of the one parameter that there is; false where there is another.
bool read_shard(const Question& q, std::optional<std::string>& shard) {
  for (const auto& parameter : q.url.params()) {
    if (parameter.key != "shard" || !parameter.has_value || shard) return false;
    shard = parameter.value;
  }
  return true;
}

Answer only_shard() {
  return {http::status::bad_request, plain, "the only parameter is shard=NAME, at most once\n"};
}

Answer history(const Question& q) {
  std::optional<std::string> shard;
  if (!read_shard(q, shard)) return only_shard();
  return {http::status::ok, json_type, history_json(q.view, q.now, shard)};
}

Answer sockets(const Question& q) {
  SocketFilter filter;
  if (!read_shard(q, filter.shard)) return only_shard();
  return {http::status::ok, json_type, sockets_json(q.view, q.now, filter)};
}

Answer explanation(const Question& q) {
  const auto parameters = q.url.params();
  const auto what = parameters.find("what");
  if (parameters.size() != 1 || what == parameters.end() || !(*what).has_value)
    return {http::status::bad_request, plain,
            "say what=NAME: a shard, an alert, a port or a process\n"};
  return {http::status::ok, json_type, explain_json(q.view, std::string((*what).value), q.now)};
}

struct Route {
  std::string_view path;
  Surface least;  // `admin`: not on the listen surface
  Answer (*answer)(const Question&);
  std::string_view text;
};

constexpr auto routes = std::to_array<Route>({
    {"/", Surface::listen, page, "the live page, for a browser"},
    {"/api", Surface::listen, paths, "this list"},
    {"/metrics", Surface::listen, metrics, "for Prometheus"},
    {"/livez", Surface::listen, alive, "200 while the agent answers"},
    {"/readyz", Surface::listen, ready, "200 when attached, counting and fresh"},
    {"/api/v1/status", Surface::listen, status, "the agent's own health, alerts and shards, JSON"},
    {"/api/v1/shards", Surface::listen, shards, "counts and ratios of each shard, JSON"},
    {"/api/v1/peers", Surface::listen, peers, "replication with each other node, JSON"},
    {"/api/v1/alerts", Surface::listen, alerts, "alerts and why, worst first, JSON"},
    {"/api/v1/history", Surface::listen, history, "15 minutes of each shard, JSON; ?shard=NAME"},
    {"/api/v1/events", Surface::listen, events, "the status at each tick, as server-sent events"},
    {"/api/v1/explain", Surface::admin, explanation, "where its chain breaks, JSON; ?what=NAME"},
    {"/api/v1/sockets", Surface::admin, sockets, "counts of each socket, JSON; ?shard=NAME"},
});

bool served(const Route& route, Surface surface) {
  return surface == Surface::admin || route.least == Surface::listen;
}

std::string path_list(Surface surface) {
  std::string list;
  for (const Route& route : routes) {
    if (served(route, surface)) {
      list += fmt::format("  {:<16} {}\n", route.path, route.text);
    }
  }
  return list;
}

Answer paths(const Question& q) {
  return {http::status::ok, plain,
          fmt::format("fanfare {}: proves that chat events reach their clients.\n\n{}",
                      q.view.version, path_list(q.surface))};
}

Answer not_found(Surface surface) {
  return {http::status::not_found, plain, "no such path; there are:\n" + path_list(surface)};
}

Answer not_here() {
  return {
      http::status::not_found, plain,
      "client addresses do not leave this host: ask the admin socket, with `fanfare sockets` or "
      "`curl --unix-socket PATH http://localhost/api/v1/sockets`\n"};
}

// A HEAD answer has the headers of the GET, its length too, and no body.
Response to_response(Answer answer, const Request& request) {
  pack(answer, request);
  Response response{answer.status, request.version()};
  response.set(http::field::content_type, {answer.type.data(), answer.type.size()});
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.policy.empty()) {
    response.set("Content-Security-Policy", {answer.policy.data(), answer.policy.size()});
    response.set("Referrer-Policy", "no-referrer");
  }
  if (!answer.policy.empty() || answer.may_be_packed) {
    response.set(http::field::vary, "Accept-Encoding");
  }
  if (answer.gzip) response.set(http::field::content_encoding, "gzip");
  if (answer.type == events_type) {
    response.set("X-Accel-Buffering", "no");  // else nginx in front holds events back
    response.keep_alive(false);               // the end of the connection ends the stream
    return response;
  }
  response.content_length(answer.body.size());
  response.keep_alive(request.keep_alive());
  if (request.method() != http::verb::head) {
    response.body() = std::move(answer.body);
  }
  return response;
}

Response not_allowed(const Request& request) {
  Response response = to_response(
      {http::status::method_not_allowed, plain, "only GET and HEAD are answered here\n"}, request);
  response.set(http::field::allow, "GET, HEAD");
  return response;
}

}  // namespace

Response respond(const View& view, const Request& request, Surface surface, Monotonic now) {
  const auto url = boost::urls::parse_origin_form(request.target());
  if (!url) {
    return to_response({http::status::bad_request, plain, "the request's target is not a path\n"},
                       request);
  }
  const auto path = url->encoded_path();
  const auto route = std::ranges::find_if(routes, [&](const Route& r) { return path == r.path; });
  if (route == routes.end()) {
    return to_response(not_found(surface), request);
  }
  if (!served(*route, surface)) {
    return to_response(not_here(), request);
  }
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return not_allowed(request);
  }
  return to_response(route->answer({view, request, *url, surface, now}), request);
}

bool begins_events(const Request& request, const Response& response) {
  return request.method() == http::verb::get && response.result() == http::status::ok &&
         response[http::field::content_type] ==
             boost::beast::string_view(events_type.data(), events_type.size());
}

Response respond_starting(const Request& request) {
  if (request.target() == "/livez") {
    return to_response({http::status::ok, plain, "alive\n"}, request);
  }
  return to_response({http::status::service_unavailable, plain,
                      "starting: the kernel's counters have not been read yet\n"},
                     request);
}

Response refuse(http::status status, const std::string& sentence) {
  Response response{status, 11};
  response.set(http::field::content_type, {plain.data(), plain.size()});
  response.keep_alive(false);
  response.body() = sentence + "\n";
  response.prepare_payload();
  return response;
}

}  // namespace fanfare
