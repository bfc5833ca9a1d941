// SPDX-License-Identifier: Apache-2.0
// What the agent answers: a pure function of a view and a request. How bytes come and go is
// server.h. Client addresses leave on the admin surface only.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>

#include "agent/exports/view.h"

namespace fanfare {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

enum class Surface {
  listen,  // TCP: metrics, probes and figures by shard, readable by anyone who can connect
  admin,   // unix socket, peer checked: the same and per-socket data
};

// Of /api/v1/events it is the head that a stream of events follows (event_stream.h).
Response respond(const View& view, const Request& request, Surface surface, Monotonic now);

// The answer to a GET that goes on with events until one side closes.
bool begins_events(const Request& request, const Response& response);

// Before the first view: /livez answers, everything else is 503.
Response respond_starting(const Request& request);

// For a request that could not be read or is not permitted; the connection ends with it.
Response refuse(boost::beast::http::status status, const std::string& sentence);

}  // namespace fanfare
