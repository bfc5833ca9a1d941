// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/bundle.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <regex>
#include <string_view>

#include "agent/cli/agent_client.h"
#include "agent/cli/answer.h"
#include "agent/config/config_text.h"
#include "agent/exports/json_text.h"

namespace fanfare {
namespace {

namespace json = boost::json;

constexpr std::size_t most_sockets = 1000;

json::value maybe(const std::optional<int>& number) {
  return number ? json::value(*number) : json::value();
}

std::string host_text(const HostFacts& host) {
  json::array capabilities;
  for (const Capability& capability : host.capabilities)
    capabilities.push_back({{"name", capability.name},
                            {"effective", capability.effective},
                            {"bounding", capability.bounding}});
  return json_text(
             json::object{{"node", host.node},
                          {"system", host.system},
                          {"kernel", host.release},
                          {"machine", host.machine},
                          {"user", host.user},
                          {"capabilities", std::move(capabilities)},
                          {"initial_user_namespace", host.initial_user_namespace},
                          {"initial_pid_namespace", host.initial_pid_namespace},
                          {"seccomp_filter", host.seccomp_filter},
                          {"lockdown", host.lockdown},
                          {"security_modules", host.security_modules},
                          {"memlock_bytes", host.memlock_bytes},
                          {"unprivileged_bpf_disabled", maybe(host.unprivileged_bpf_disabled)},
                          {"perf_event_paranoid", maybe(host.perf_event_paranoid)}}) +
         "\n";
}

// Rows of /api/v1/sockets. A client's own end has its address on both sides where it is on this
// host.
std::string sockets_text(const std::string& answer, bool addresses) {
  json::value parsed = parse_answer(answer);
  json::array rows = as_array(parsed, "the sockets");
  if (rows.size() > most_sockets) rows.resize(most_sockets);
  for (json::value& row : rows) {
    json::object* socket = row.if_object();
    if (addresses || !socket) continue;
    socket->insert_or_assign("remote", nullptr);
    socket->insert_or_assign("local", nullptr);
  }
  return json_text(rows) + "\n";
}

std::string losses_text(const std::string& status) {
  return json_text(at_path(as_object(parse_answer(status), "the status"), "losses")) + "\n";
}

void add_answers(const BundleInput& input, const AskAgent& ask, BundleFiles& files) {
  const std::string status = ask("/api/v1/status");
  files.emplace_back("agent/status.json", status);
  files.emplace_back("agent/losses.json", losses_text(status));
  for (const char* name : {"shards", "peers", "alerts"})
    files.emplace_back(std::string("agent/") + name + ".json", ask(std::string("/api/v1/") + name));
  files.emplace_back("agent/metrics.txt", ask("/metrics"));
  files.emplace_back("agent/sockets.json", sockets_text(ask("/api/v1/sockets"), input.addresses));
}

}  // namespace

std::string without_secrets(const std::string& text) {
  static const std::regex user_and_password(R"(://[^/@\s"]*@)");
  return std::regex_replace(text, user_and_password, "://***@");
}

BundleFiles bundle_files(const BundleInput& input, const AskAgent& ask) {
  BundleFiles files = {{"doctor.json", input.report + "\n"},
                       {"version.txt", input.version + "\n"},
                       {"host.json", host_text(input.facts.host)},
                       {"config.yaml", config_show(input.config)}};
  if (!input.facts.config.open)
    files.back().second = "# refused, the defaults follow: " + input.facts.config.refusal + "\n" +
                          files.back().second;
  try {
    add_answers(input, ask, files);
  } catch (const AgentUnreachable& reason) {
    files.emplace_back("agent/why-not.txt", std::string(reason.what()) + "\n");
  } catch (const BadAnswer& reason) {
    files.emplace_back("agent/why-not.txt", std::string(reason.what()) + "\n");
  }
  for (auto& [name, text] : files) text = without_secrets(text);
  return files;
}

}  // namespace fanfare
