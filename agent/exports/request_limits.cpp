// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/request_limits.h"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

namespace fanfare {

namespace http = boost::beast::http;

std::optional<Response> refusal(const boost::system::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refuse(http::status::request_header_fields_too_large,
                  fmt::format("the request's header is longer than {} bytes", header_limit));
  }
  if (error == http::error::body_limit) {
    return refuse(http::status::payload_too_large,
                  fmt::format("the request's body is longer than {} bytes", body_limit));
  }
  const bool gone = error == http::error::end_of_stream || error == http::error::partial_message;
  if (gone || error.category() != make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return refuse(http::status::bad_request, "this is not an HTTP request");
}

}  // namespace fanfare
