// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/clear_alert.h"

#include <fmt/format.h>

#include <boost/beast/http/field.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <string_view>

namespace fanfare {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view path = "/api/v1/alerts/clear";

Response said(const Request& request, http::status status, const char* type, std::string body) {
  Response response{status, request.version()};
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(request.keep_alive());
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

}  // namespace

std::optional<Response> respond_to_clear(const Request& request, const ClearAlert& clear,
                                         unsigned int uid) {
  const auto url = boost::urls::parse_origin_form(request.target());
  if (!url || !(url->encoded_path() == path)) return std::nullopt;
  constexpr const char* plain = "text/plain; charset=utf-8";
  if (request.method() != http::verb::post) {
    auto response = said(request, http::status::method_not_allowed, plain, "only POST clears\n");
    response.set(http::field::allow, "POST");
    return response;
  }
  const auto parameters = url->params();
  const auto name = parameters.find("alertname"), shard = parameters.find("shard");
  if (parameters.size() != 2 || name == parameters.end() || shard == parameters.end())
    return said(request, http::status::bad_request, plain,
                "say alertname=NAME and shard=NAME, once each\n");
  const auto cleared = clear(std::string((*name).value), std::string((*shard).value), uid);
  return said(request, http::status::ok, "application/json",
              fmt::format("{{\"cleared\":{}}}\n", cleared));
}

}  // namespace fanfare
