// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_asker.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "agent/cli/agent_client.h"

namespace fanfare::top {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 3s;      // of one question
constexpr double past_period = 5;  // seconds; the agent closes a step so often
constexpr double share_of_time = 10;

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Bodies ask_bodies(const std::string& admin, const Question& question) {
  const AgentAddress agent{.path = admin, .timeout = patience};
  const std::string shard = question.opened.empty() ? "" : "?shard=" + url_encoded(question.opened);
  Bodies bodies;
  bodies.status = ask_agent(agent, "/api/v1/status");
  if (question.past) bodies.past = ask_agent(agent, "/api/v1/history" + shard);
  if (shard.empty()) return bodies;
  bodies.sockets = ask_agent(agent, "/api/v1/sockets" + shard);
  bodies.peers = ask_agent(agent, "/api/v1/peers");
  return bodies;
}

Answer ask(const std::string& admin, const Question& question) {
  const double began = steady_seconds();
  Answer answer = read_answer(ask_bodies(admin, question), question.opened);
  answer.asked = began;
  answer.cost_seconds = steady_seconds() - began;
  return answer;
}

void Asker::ask_when_due(const std::string& opened, double now) {
  const bool other = asked_for_ != opened;
  if (under_way_.valid() || (now < next_ && !other)) return;
  const Question question{.opened = opened, .past = other || now >= next_past_};
  if (question.past) next_past_ = now + past_period;
  asked_for_ = opened;
  next_ = now + interval_;
  under_way_ = std::async(std::launch::async, [admin = admin_, question]() -> Outcome {
    try {
      return ask(admin, question);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
  });
}

std::optional<Outcome> Asker::outcome() {
  if (!under_way_.valid() || under_way_.wait_for(0s) != std::future_status::ready)
    return std::nullopt;
  Outcome outcome = under_way_.get();
  if (const auto* answer = std::get_if<Answer>(&outcome)) {
    next_ = std::max(next_, answer->asked + share_of_time * answer->cost_seconds);
  } else {
    next_past_ = 0;  // another agent may answer next
  }
  return outcome;
}

}  // namespace fanfare::top
