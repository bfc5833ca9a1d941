// SPDX-License-Identifier: Apache-2.0
#include "agent/exports/explain.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <optional>
#include <set>

#include "agent/alerts/rules.h"
#include "agent/exports/explain_links.h"
#include "agent/exports/json_figures.h"
#include "agent/exports/json_text.h"
#include "agent/model/dark.h"

namespace fanfare {
namespace {

namespace json = boost::json;

std::optional<std::uint32_t> number_in(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Where a process listens, and the shards' ports.
class Sight {
 public:
  explicit Sight(const View& view) : view_(view) {
    if (view.snapshot) owners_ = view.snapshot->owners;
  }

  std::vector<ListenerKey> listeners_on(std::uint16_t port) const {
    return listeners([port](const ListenerKey& key, const Owner&) { return key.port == port; });
  }
  std::vector<ListenerKey> listeners_of(std::uint32_t pid) const {
    return listeners([pid](const ListenerKey&, const Owner& owner) { return owner.pid == pid; });
  }

  // Of the shard's client sockets, and those that its rule names.
  std::set<std::uint16_t> ports_of(const std::string& shard) const {
    std::set<std::uint16_t> ports;
    for_flows([&](const fanfare_flow& flow, const std::string* of) {
      if (of && *of == shard && !fanfare_protocol_replicates(flow.protocol))
        ports.insert(flow.local_port);
    });
    for (const auto& rule : *view_.rules)
      if (rule.name == shard)
        ports.insert(rule.match.listen_ports.begin(), rule.match.listen_ports.end());
    return ports;
  }

  // Shards that have sockets on the port, or whose rule names it.
  std::set<std::string> shards_on(std::uint16_t port) const {
    std::set<std::string> shards;
    for_flows([&](const fanfare_flow& flow, const std::string* of) {
      if (of && flow.local_port == port) shards.insert(*of);
    });
    for (const auto& rule : *view_.rules)
      if (std::ranges::find(rule.match.listen_ports, port) != rule.match.listen_ports.end())
        shards.insert(rule.name);
    return shards;
  }

  bool has_socket_on(std::uint16_t port) const {
    bool found = false;
    for_flows([&](const fanfare_flow& flow, const std::string*) {
      found = found || flow.local_port == port;
    });
    return found;
  }

 private:
  template <typename Fits>
  std::vector<ListenerKey> listeners(Fits fits) const {
    std::vector<ListenerKey> found;
    if (owners_)
      for (const auto& [key, owner] : owners_->listeners)
        if (fits(key, owner)) found.push_back(key);
    return found;
  }

  // The dark ones too.
  template <typename Visit>
  void for_flows(Visit visit) const {
    if (!view_.snapshot) return;
    const auto& flows = view_.snapshot->flows;
    for (std::size_t i = 0; i < flows.size(); ++i) visit(flows[i], shard_at(view_.shard_of, i));
    const auto& dark = view_.snapshot->dark;
    for (std::size_t i = 0; i < dark.size(); ++i)
      visit(stand_in(dark[i].socket), shard_at(view_.dark_shard_of, i));
  }

  const std::string* shard_at(const std::vector<std::uint32_t>& places, std::size_t i) const {
    const auto place = i < places.size() ? places[i] : no_shard;
    return place < view_.shards.size() ? &view_.shards[place].shard.name : nullptr;
  }

  const View& view_;
  std::shared_ptr<const Owners> owners_;
};

Subject shard_subject(const Sight& sight, std::string_view what, const std::string& shard) {
  Subject subject{.kind = "shard", .name = std::string(what), .shard = shard};
  for (const auto port : sight.ports_of(shard)) {
    subject.ports.push_back(port);
    const auto here = sight.listeners_on(port);
    subject.listeners.insert(subject.listeners.end(), here.begin(), here.end());
  }
  return subject;
}

std::vector<Subject> port_subjects(const Sight& sight, std::string_view what, std::uint16_t port) {
  Subject subject{.kind = "port",
                  .name = std::string(what),
                  .ports = {port},
                  .listeners = sight.listeners_on(port)};
  const auto shards = sight.shards_on(port);
  if (shards.empty()) return {subject};
  std::vector<Subject> subjects;
  for (const auto& shard : shards) {
    subject.shard = shard;
    subjects.push_back(subject);
  }
  return subjects;
}

std::vector<Subject> pid_subjects(const Sight& sight, std::string_view what, std::uint32_t pid) {
  std::vector<Subject> subjects;
  for (const auto& listener : sight.listeners_of(pid))
    for (auto& subject : port_subjects(sight, what, listener.port)) {
      subject.kind = "pid";
      subject.listeners = {listener};
      subjects.push_back(std::move(subject));
    }
  return subjects;
}

// Its shards: those where it is pending or firing, else all.
std::vector<Subject> alert_subjects(const View& view, const Sight& sight, std::string_view what) {
  std::set<std::string> shards;
  for (const auto& alert : view.alerts)
    if (alert.name == what) shards.insert(alert.shard);
  if (shards.empty())
    for (const auto& shard : view.shards) shards.insert(shard.shard.name);
  if (shards.empty())
    for (const auto& rule : *view.rules) shards.insert(rule.name);
  if (shards.empty())
    return {Subject{.kind = "alert", .name = std::string(what), .alert = std::string(what)}};
  std::vector<Subject> subjects;
  for (const auto& shard : shards) {
    auto subject = shard_subject(sight, what, shard);
    subject.kind = "alert";
    subject.alert = what;
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

bool is_shard(const View& view, std::string_view what) {
  return find_shard(view, std::string(what)) ||
         std::ranges::any_of(*view.rules, [&](const ShardRule& rule) { return rule.name == what; });
}

std::vector<Subject> subjects(const View& view, std::string_view what) {
  const Sight sight(view);
  if (is_shard(view, what)) return {shard_subject(sight, what, std::string(what))};
  if (patience_of(what)) return alert_subjects(view, sight, what);
  constexpr std::string_view pid_prefix = "pid:";
  if (what.starts_with(pid_prefix)) {
    const auto pid = number_in(what.substr(pid_prefix.size()));
    return pid ? pid_subjects(sight, what, *pid) : std::vector<Subject>{};
  }
  const auto number = number_in(what.starts_with(":") ? what.substr(1) : what);
  if (!number) return {};
  const bool may_be_port = *number >= 1 && *number <= 65535;
  const auto port = static_cast<std::uint16_t>(may_be_port ? *number : 0);
  if (may_be_port && (what.starts_with(":") || !sight.listeners_on(port).empty() ||
                      sight.has_socket_on(port) || !sight.shards_on(port).empty()))
    return port_subjects(sight, what, port);
  return pid_subjects(sight, what, *number);
}

const char* state_name(LinkState state) {
  switch (state) {
    case LinkState::whole:
      return "ok";
    case LinkState::note:
      return "note";
    case LinkState::broken:
      return "broken";
    case LinkState::unknown:
      break;
  }
  return "unknown";
}

json::object chain_object(const View& view, const Chain& chain) {
  const Subject& subject = chain.subject;
  json::array ports, pids, links;
  for (const auto port : subject.ports) ports.emplace_back(port);
  for (const auto& key : subject.listeners)
    pids.emplace_back(view.snapshot->owners->listeners.at(key).pid);
  json::value broken = nullptr;
  for (const auto& link : chain.links) {
    if (broken.is_null() && link.state == LinkState::broken) broken = links.size();
    links.push_back(json::object{{"link", link.name},
                                 {"state", state_name(link.state)},
                                 {"text", label_text(link.text)},
                                 {"remedy", text_or_null(link.remedy)}});
  }
  return {{"what", label_text(subject.name)},
          {"kind", subject.kind},
          {"shard", text_or_null(subject.shard)},
          {"alert", text_or_null(subject.alert)},
          {"ports", std::move(ports)},
          {"pids", std::move(pids)},
          {"links", std::move(links)},
          {"broken", std::move(broken)}};
}

}  // namespace

std::vector<Chain> explain(const View& view, std::string_view what, Monotonic now) {
  std::vector<Chain> chains;
  for (auto& subject : subjects(view, what)) {
    auto links = capture_links(view, subject, now);
    const auto add = [&](std::vector<Link> more) {
      links.insert(links.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
    };
    if (find_shard(view, subject.shard)) add(judgement_links(view, subject, now));
    add(hearing_links(view, subject));
    chains.push_back({std::move(subject), std::move(links)});
  }
  return chains;
}

std::string explain_json(const View& view, std::string_view what, Monotonic now) {
  json::array answer;
  for (const auto& chain : explain(view, what, now)) answer.push_back(chain_object(view, chain));
  return json_text(answer);
}

}  // namespace fanfare
