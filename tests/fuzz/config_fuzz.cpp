// SPDX-License-Identifier: Apache-2.0
// Any bytes are either a configuration or refused with ConfigError; what is accepted prints to YAML
// that gives the same configuration again, passwords left out. Anything else that is thrown is a
// finding.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/config/config_file.h"
#include "agent/config/config_text.h"
#include "agent/config/config_values.h"
#include "agent/config/text.h"

namespace {

[[noreturn]] void found(const char* what, const std::string& detail) {
  std::fprintf(stderr, "%s:\n%s\n", what, detail.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fanfare::Config config;
  try {
    config = fanfare::parse_config(text, "f");
  } catch (const fanfare::ConfigError& error) {
    if (!fanfare::is_printable(error.what())) found("refusal is not fit to print", error.what());
    return 0;
  }
  const std::string shown = fanfare::config_show(config);
  for (std::string& url : config.alertmanagers) url = fanfare::without_password(url);
  try {
    if (fanfare::parse_config(shown, "shown") != config) found("not the same again", shown);
  } catch (const fanfare::ConfigError& error) {
    found(error.what(), shown);
  }
  return 0;
}
