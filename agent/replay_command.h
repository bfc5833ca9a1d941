// SPDX-License-Identifier: Apache-2.0
// `fanfare replay`: a capture or a recording through the pipeline of the agent, and what came out.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <ostream>

#include "agent/cli/command.h"
#include "agent/config/config.h"
#include "agent/replay/replayed.h"

namespace fanfare {

// Data goes to `out`, talk to `err`; returns the exit code. Throws BadFile, ConfigError,
// StartError.
int run_replay(const ReplayCommand& command, const Look& look, std::ostream& out,
               std::ostream& err);

// Ticks `source` to its end. The result, as `replay -o json` prints it:
// - flows: as `sockets -o json`, those that are closed too, and of each src and dst (`out` counts
//   what src has sent to dst) and whether it was open at the end;
// - losses: by reason, those that are not 0;
// - shards: as `shards -o json`, at the end;
// - alerts: with `rules`, each change of an alert: `at_seconds` (since 1970-01-01 UTC), `at`, and
//   the alert as `alerts -o json` has it;
// - notes: sentences about the file.
// Without `config` the one in force is that of the recording. Of a recording of several runs of the
// agent, flows, losses and shards are of the last one.
boost::json::object replay(Replayed& source, const std::optional<Config>& config, bool rules);

// The rules of `config` as they can hold in a capture, which knows neither cgroup nor executable.
Config config_for_capture(Config config);

}  // namespace fanfare
