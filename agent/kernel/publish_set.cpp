// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/publish_set.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "agent/config/start_error.h"

namespace fanfare {
namespace {

std::uint8_t method_of(Publish::Method method) {
  switch (method) {
    case Publish::Method::get:
      return FANFARE_METHOD_GET;
    case Publish::Method::post:
      return FANFARE_METHOD_POST;
    case Publish::Method::put:
      return FANFARE_METHOD_PUT;
    case Publish::Method::patch:
      return FANFARE_METHOD_PATCH;
    case Publish::Method::del:
      return FANFARE_METHOD_DELETE;
  }
  return FANFARE_METHOD_OTHER;
}

fanfare_publish publish_of(const Publish& from) {
  fanfare_publish publish{};
  publish.method = method_of(from.method);
  publish.path_bytes = static_cast<std::uint8_t>(from.path.size());
  for (std::size_t i = 0; i < from.path.size(); ++i)
    std::memcpy(&publish.path[i], from.path.data() + i,
                std::min<std::size_t>(8, from.path.size() - i));
  return publish;
}

}  // namespace

fanfare_publish_set publish_set(const std::vector<Publish>& publishes) {
  fanfare_publish_set set{};
  if (publishes.size() > FANFARE_PUBLISHES_MAX)
    throw StartError("clients.publishes has " + std::to_string(publishes.size()) +
                         " entries; at most " + std::to_string(FANFARE_PUBLISHES_MAX) + " may be",
                     "leave some out", exit_usage);
  for (std::size_t i = 0; i < publishes.size(); ++i) {
    if (publishes[i].path.empty() || publishes[i].path.size() >= FANFARE_PUBLISH_PATH_MAX)
      throw StartError("clients.publishes has a path of " +
                           std::to_string(publishes[i].path.size()) + " bytes; 1 to " +
                           std::to_string(FANFARE_PUBLISH_PATH_MAX - 1) + " may be",
                       "set a shorter one", exit_usage);
    set.publish[i] = publish_of(publishes[i]);
  }
  return set;
}

}  // namespace fanfare
