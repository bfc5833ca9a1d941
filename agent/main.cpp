// SPDX-License-Identifier: Apache-2.0
// The one place where a failure becomes words and an exit code.
#include <unistd.h>

#include <iostream>

#include "agent/backtest/judge_command.h"
#include "agent/cli/command_line.h"
#include "agent/cli/run_command.h"
#include "agent/config/config_error.h"
#include "agent/config/start_error.h"
#include "agent/daemon.h"
#include "agent/replay/bad_file.h"
#include "agent/replay_command.h"

namespace {

int fail(const std::string& what, const std::string& remedy, int exit_code,
         const std::string& code = {}) {
  std::cerr << "fanfare: " << what << "\n";
  if (!remedy.empty()) std::cerr << "  what to do: " << remedy << "\n";
  if (!code.empty()) std::cerr << "  more: fanfare help " << code << ", fanfare doctor\n";
  return exit_code;
}

}  // namespace

int main(int count, char** words) {
  using namespace fanfare;
  try {
    const auto command =
        parse_command_line({words + 1, words + count}, look_around(STDOUT_FILENO, FANFARE_VERSION));
    if (const auto* agent = std::get_if<AgentCommand>(&command.action))
      return run_agent(agent->config, agent->overrides, agent->record, command.version);
    if (const auto* replay = std::get_if<ReplayCommand>(&command.action))
      return run_replay(*replay, command.look, std::cout, std::cerr);
    if (const auto* judge = std::get_if<JudgeCommand>(&command.action))
      return run_judge(*judge, command.look, std::cin, std::cout);
    return run_command(command, std::cout, std::cerr);
  } catch (const StartError& error) {
    return fail(error.what(), error.remedy, error.exit_code, error.code);
  } catch (const ConfigError& error) {
    return fail(error.what(), "", exit_usage);
  } catch (const BadFile& error) {
    return fail(error.what(), "", exit_usage);
  } catch (const std::exception& error) {
    return fail(error.what(), "", exit_kernel);
  }
}
