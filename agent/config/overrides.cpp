// SPDX-License-Identifier: Apache-2.0
// Each flag with its rule and its field.
#include "agent/config/overrides.h"

#include <utility>

#include "agent/config/config_values.h"

namespace fanfare {
namespace {

struct Flag {
  const char* name;
  const TextRule* rule;
  std::optional<std::string> Overrides::*given;
  std::string Config::*field;
};

const Flag flags[] = {
    {"--listen", &listen_rule, &Overrides::listen, &Config::listen},
    {"--admin", &admin_rule, &Overrides::admin, &Config::admin},
    {"--cgroup", &cgroup_rule, &Overrides::cgroup, &Config::cgroup},
    {"--node", &node_rule, &Overrides::node, &Config::node},
};

}  // namespace

Config with_overrides(Config config, const Overrides& overrides) {
  for (const Flag& flag : flags) {
    const std::optional<std::string>& value = overrides.*flag.given;
    if (!value) continue;
    if (const auto why_not = complaint(*flag.rule, *value))
      throw ConfigError(std::string(flag.name) + ": " + *why_not);
    config.*flag.field = *value;
  }
  return config;
}

}  // namespace fanfare
