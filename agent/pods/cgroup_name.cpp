// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/cgroup_name.h"

#include <algorithm>
#include <array>
#include <optional>

namespace fanfare {
namespace {

constexpr std::size_t id_digits = 64;        // of a container
constexpr std::size_t uuid_length = 36;      // of a pod from the API server
constexpr std::size_t manifest_digits = 32;  // of a static pod: MD5 of its manifest

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_id(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), is_hex);
}

bool strip_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool strip_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// In the name of a slice "-" stands for "/", so the uid has "_" in its place. Empty where it is no
// uid.
std::string pod_uid(std::string_view text) {
  if (is_id(text, manifest_digits)) return std::string(text);
  if (text.size() != uuid_length) return {};
  std::string uid(text);
  std::replace(uid.begin(), uid.end(), '_', '-');
  for (std::size_t i = 0; i < uid.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? uid[i] != '-' : !is_hex(uid[i])) return {};
  }
  return uid;
}

// "kubepods-burstable-pod<uid>.slice", "kubelet-kubepods-pod<uid>.slice", and "pod<uid>" below a
// directory of kubepods.
std::string pod_of(std::string_view part, bool below_kubepods) {
  if (strip_suffix(part, ".slice")) {
    const auto at = part.rfind("-pod");
    const bool kubepods = part.find("kubepods") < at;
    return at == std::string_view::npos || !kubepods ? "" : pod_uid(part.substr(at + 4));
  }
  return below_kubepods && strip_prefix(part, "pod") ? pod_uid(part) : "";
}

struct Container {
  std::string_view runtime, id;
};

struct Prefix {
  std::string_view text, runtime;
};

// The monitors beside containers (crio-conmon-ID.scope) do not end in an id behind these.
constexpr std::array<Prefix, 6> prefixes{{{"cri-containerd-", "containerd"},
                                          {"crio-", "cri-o"},
                                          {"docker-", "docker"},
                                          {"libpod-payload-", "podman"},
                                          {"libpod-", "podman"},
                                          {"nerdctl-", "nerdctl"}}};

std::optional<Container> container_of(std::string_view part, std::string_view parent) {
  if (auto name = part; strip_prefix(name, "lxc.payload.") || parent == "lxc")
    return Container{"lxc", name};
  strip_suffix(part, ".scope");
  for (const auto& prefix : prefixes)
    if (auto id = part; strip_prefix(id, prefix.text) && is_id(id, id_digits))
      return Container{prefix.runtime, id};
  if (!is_id(part, id_digits)) return std::nullopt;
  return Container{parent == "docker" ? "docker" : "", part};
}

bool is_monitor(std::string_view part) {
  return part.starts_with("crio-conmon-") || part.starts_with("libpod-conmon-");
}

// Of the units that hold processes. systemd puts "_" before names that the kernel has for its own.
std::string_view unit_of(std::string_view part) {
  if (!part.ends_with(".service") && !part.ends_with(".scope")) return {};
  strip_prefix(part, "_");
  return is_monitor(part) ? std::string_view{} : part;
}

// One walk from the root to the leaf; what stands deeper overrules.
class Walk {
 public:
  void take(std::string_view part) {
    if (part.empty()) return;
    // containerd with the systemd driver's paths and without systemd: "slice:prefix:id".
    const auto colon = part.rfind(':');
    if (const auto slice = part.find(':');
        slice != colon && is_id(part.substr(colon + 1), id_digits)) {
      enter_pod(part.substr(0, slice));
      const auto runtime = part.substr(slice + 1, colon - slice - 1);
      enter({runtime == "cri-containerd" ? "containerd" : "", part.substr(colon + 1)});
    } else if (!enter_pod(part)) {
      if (const auto container = container_of(part, parent_))
        enter(*container);
      else if (const auto unit = unit_of(part); !unit.empty())
        name_.unit = unit;
    }
    below_kubepods_ = below_kubepods_ || part.find("kubepods") != std::string_view::npos;
    parent_ = part;
  }

  CgroupName name() const { return name_; }

 private:
  bool enter_pod(std::string_view part) {
    auto uid = pod_of(part, below_kubepods_);
    if (uid.empty()) return false;
    name_ = {.unit = {}, .runtime = {}, .container = {}, .pod_uid = std::move(uid)};
    return true;
  }

  void enter(const Container& container) {
    name_.runtime = container.runtime;
    name_.container = container.id;
  }

  CgroupName name_;
  std::string_view parent_;
  bool below_kubepods_ = false;
};

}  // namespace

// Lines "ID:CONTROLLERS:PATH"; that of v2 has the id 0.
std::string v1_container_path(std::string_view proc_cgroup) {
  while (!proc_cgroup.empty()) {
    const auto end = std::min(proc_cgroup.find('\n'), proc_cgroup.size());
    const auto line = proc_cgroup.substr(0, end);
    proc_cgroup.remove_prefix(std::min(end + 1, proc_cgroup.size()));
    const auto path_at = line.find(":/");
    if (line.starts_with("0::") || path_at == std::string_view::npos) continue;
    const auto path = line.substr(path_at + 1);
    const auto name = cgroup_name(path);
    if (!name.container.empty() || !name.pod_uid.empty()) return std::string(path);
  }
  return {};
}

CgroupName cgroup_name(std::string_view path) {
  Walk walk;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    walk.take(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return walk.name();
}

}  // namespace fanfare
