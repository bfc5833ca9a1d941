// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_json.h"

#include <boost/json/parse.hpp>

namespace fanfare {
namespace {

namespace json = boost::json;

// Kubernetes allows 63 bytes in a label's value, 253 in a name, 317 in a label's key.
constexpr std::size_t longest_text = 1024;
constexpr std::size_t most_labels = 256;
constexpr std::size_t most_containers = 256;
constexpr std::size_t most_addresses = 16;

std::string text_of(const json::value* value) {
  const auto* text = value ? value->if_string() : nullptr;
  return text && text->size() <= longest_text ? std::string(*text) : std::string();
}

const json::object* object_at(const json::object* object, std::string_view key) {
  const auto* value = object ? object->if_contains(key) : nullptr;
  return value ? value->if_object() : nullptr;
}

const json::array* array_at(const json::object* object, std::string_view key) {
  const auto* value = object ? object->if_contains(key) : nullptr;
  return value ? value->if_array() : nullptr;
}

std::string text_at(const json::object* object, std::string_view key) {
  return object ? text_of(object->if_contains(key)) : std::string();
}

// Not bound: a token is as long as the server likes.
std::string token_at(const json::object* object, std::string_view key) {
  const auto* value = object ? object->if_contains(key) : nullptr;
  const auto* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

void read_labels(const json::object* metadata, Pod& pod) {
  const auto* labels = object_at(metadata, "labels");
  if (!labels) return;
  for (const auto& [key, value] : *labels) {
    if (pod.labels.size() == most_labels) return;
    if (key.size() <= longest_text && value.is_string()) pod.labels[key] = text_of(&value);
  }
}

// "containerd://0123..." -> "0123..."
std::string bare_id(const std::string& id) {
  const auto at = id.find("://");
  return at == std::string::npos ? id : id.substr(at + 3);
}

void read_containers(const json::object* status, Pod& pod) {
  for (const char* list :
       {"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"}) {
    const auto* containers = array_at(status, list);
    if (!containers) continue;
    for (const auto& container : *containers) {
      auto id = bare_id(text_at(container.if_object(), "containerID"));
      if (id.empty() || pod.containers.size() == most_containers) continue;
      pod.containers.push_back({std::move(id), text_at(container.if_object(), "name")});
    }
  }
}

void read_addresses(const json::object* status, Pod& pod) {
  const auto* addresses = array_at(status, "podIPs");
  if (!addresses) return;
  for (const auto& address : *addresses) {
    auto ip = text_at(address.if_object(), "ip");
    if (!ip.empty() && pod.addresses.size() < most_addresses)
      pod.addresses.push_back(std::move(ip));
  }
}

std::optional<Pod> read_pod(const json::value& value) {
  const auto* object = value.if_object();
  const auto* metadata = object_at(object, "metadata");
  Pod pod{.uid = text_at(metadata, "uid"),
          .name_space = text_at(metadata, "namespace"),
          .name = text_at(metadata, "name"),
          .node = text_at(object_at(object, "spec"), "nodeName")};
  if (pod.uid.empty() || pod.name.empty()) return std::nullopt;
  pod.manifest = text_at(object_at(metadata, "annotations"), "kubernetes.io/config.hash");
  const auto* spec = object_at(object, "spec");
  const auto* host_network = spec ? spec->if_contains("hostNetwork") : nullptr;
  pod.host_network = host_network && host_network->is_bool() && host_network->get_bool();
  read_labels(metadata, pod);
  const auto* status = object_at(object, "status");
  const auto phase = text_at(status, "phase");
  pod.ended = phase == "Succeeded" || phase == "Failed";
  pod.leaving = !text_at(metadata, "deletionTimestamp").empty();
  read_containers(status, pod);
  read_addresses(status, pod);
  return pod;
}

std::optional<json::value> parsed(std::string_view text) {
  json::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  return error ? std::nullopt : std::optional(std::move(value));
}

unsigned code_of(const json::object* status) {
  const auto* code = status ? status->if_contains("code") : nullptr;
  const auto* number = code ? code->if_int64() : nullptr;
  return number && *number > 0 && *number < 1000 ? static_cast<unsigned>(*number) : 0;
}

}  // namespace

std::optional<PodPage> parse_pod_page(std::string_view text) {
  const auto root = parsed(text);
  const auto* list = root ? root->if_object() : nullptr;
  if (text_at(list, "kind") != "PodList") return std::nullopt;
  const auto* metadata = object_at(list, "metadata");
  PodPage page{.resource_version = text_at(metadata, "resourceVersion"),
               .next = token_at(metadata, "continue")};
  if (page.resource_version.empty()) return std::nullopt;
  const auto* items = array_at(list, "items");  // null where there are none
  if (!items) return page;
  for (const auto& item : *items)
    if (auto pod = read_pod(item)) page.pods.push_back(std::move(*pod));
  return page;
}

std::optional<PodEvent> parse_pod_event(std::string_view line) {
  const auto root = parsed(line);
  const auto* event = root ? root->if_object() : nullptr;
  const auto* object = event ? event->if_contains("object") : nullptr;
  if (!object || !object->is_object()) return std::nullopt;
  const auto type = text_at(event, "type");
  PodEvent found{.resource_version =
                     text_at(object_at(object->if_object(), "metadata"), "resourceVersion")};
  if (type == "ERROR") {
    found.code = code_of(object->if_object());
    found.message = text_at(object->if_object(), "message");
    return found;
  }
  if (type == "BOOKMARK") {
    found.kind = PodEvent::Kind::bookmark;
    return found;
  }
  if (type != "ADDED" && type != "MODIFIED" && type != "DELETED") return std::nullopt;
  found.kind = type == "DELETED" ? PodEvent::Kind::deleted : PodEvent::Kind::changed;
  auto pod = read_pod(*object);
  if (!pod) return std::nullopt;
  found.pod = std::move(*pod);
  return found;
}

std::string parse_status_message(std::string_view text) {
  const auto root = parsed(text);
  const auto* status = root ? root->if_object() : nullptr;
  return text_at(status, "kind") == "Status" ? text_at(status, "message") : std::string();
}

}  // namespace fanfare
