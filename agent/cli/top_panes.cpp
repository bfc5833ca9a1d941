// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_panes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "agent/cli/escape.h"
#include "agent/cli/numbers.h"
#include "agent/cli/text_wrap.h"
#include "agent/cli/top_columns.h"

namespace fanfare::top {
namespace {

constexpr Style bold{.bold = true};
constexpr Style faint{.dim = true};

// `spans` in their order, without the least important (the last of `least_first`) until they fit.
Line joined_spans(const std::vector<Span>& spans, const std::vector<std::size_t>& least_first,
                  std::size_t columns) {
  std::vector<bool> kept(spans.size(), true);
  const auto line = [&] {
    Line made;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      if (!kept[i]) continue;
      if (!made.empty()) made.push_back({"  "});
      made.push_back(spans[i]);
    }
    return made;
  };
  for (const std::size_t i : least_first) {
    if (width_of(line()) <= columns) break;
    kept[i] = false;
  }
  return line();
}

Style toned(Tone tone) { return {.tone = tone, .bold = tone == Tone::bad}; }

std::string alerts_text(std::uint32_t alerts) {
  if (alerts == 0) return "no alert";
  return alerts == 1 ? "1 alert fires" : fmt::format("{} alerts fire", alerts);
}

Span filter_span(const State& state) {
  return {"  filter: " + terminal_safe(state.list().filter), bold};
}

std::string place_text(const State& state) {
  const std::string shard = terminal_safe(state.shard);
  switch (state.screen) {
    case Screen::shards:
      return "shards";
    case Screen::sockets:
      return shard + " > sockets";
    case Screen::peers:
      return shard + " > peers";
    case Screen::alerts:
      return "alerts and findings";
    case Screen::help:
      break;
  }
  return "help";
}

struct Hint {
  std::string_view key;
  std::string_view text;
};

std::vector<Hint> hints(const State& state) {
  const Hint totals{"t", state.totals ? "rates" : "totals"};
  const Hint pause{"p", state.paused ? "go on" : "pause"};
  switch (state.screen) {
    case Screen::shards:
      return {{"Enter", "open"}, {"a", "alerts"}, {"/", "filter"}, {"s", "sort"},
              {"r", "reverse"},  totals,          pause,           {"?", "help"},
              {"q", "quit"}};
    case Screen::sockets:
    case Screen::peers:
      return {{"Esc", "back"},
              {"Tab", state.screen == Screen::sockets ? "peers" : "sockets"},
              {"/", "filter"},
              {"s", "sort"},
              {"r", "reverse"},
              totals,
              pause,
              {"?", "help"},
              {"q", "quit"}};
    case Screen::alerts:
      return {{"Esc", "back"}, {"Enter", "its shard"}, {"/", "filter"}, {"s", "sort"},
              pause,           {"?", "help"},          {"q", "quit"}};
    case Screen::help:
      break;
  }
  return {{"Esc", "back"}, {"j k", "scroll"}, {"q", "quit"}};
}

}  // namespace

Line header(const State& state, std::size_t columns) {
  const Answer& answer = state.answer;
  const std::uint32_t alerts = firing(answer);
  const auto& scraped = answer.last_scrape_seconds;
  const std::vector<Span> spans = {
      {"fanfare " + terminal_safe(answer.version), {}},
      {terminal_safe(answer.node), bold},
      {answer.ready ? "ready" : "NOT READY", toned(answer.ready ? Tone::good : Tone::bad)},
      {alerts_text(alerts), toned(alerts == 0 ? Tone::good : Tone::bad)},
      {scraped ? "scraped " + age_text(scraped) + " ago" : "never scraped",
       toned(scraped ? Tone::plain : Tone::warn)},
  };
  return joined_spans(spans, {0, 4, 1, 2}, columns);
}

Line crumbs(const State& state, std::size_t first, std::size_t last, const Looks& looks) {
  if (!state.trouble.empty()) {
    const auto since = age_text(std::max(looks.now - state.trouble_since, 0.0));
    return {{fmt::format("NO ANSWER for {}, trying again: {}", since, terminal_safe(state.trouble)),
             {.tone = Tone::bad, .bold = true, .reverse = true}}};
  }
  Line line{{place_text(state), bold}};
  if (state.screen != Screen::help) {
    const std::size_t rows = state.rows.size();
    line.push_back({last - first + 1 < rows
                        ? fmt::format("  {}-{} of {}", first, last, grouped(rows))
                        : fmt::format("  {}", grouped(rows)),
                    {}});
  }
  if (!state.list().filter.empty() && !state.typing) line.push_back(filter_span(state));
  if (state.paused)
    line.push_back({"  PAUSED " + age_text(std::max(looks.now - state.answer.asked, 0.0)),
                    {.tone = Tone::warn, .bold = true}});
  return line;
}

std::vector<Line> shard_pane(const State& state, std::size_t columns, const Looks& looks) {
  const auto shard = std::ranges::find(state.answer.shards, state.shard, &Shard::name);
  if (shard == state.answer.shards.end()) return {};
  Line figures{{fmt::format("cover {}  out {}/s  in {}/s  ", ratio_text(shard->coverage),
                            rate_text(shard->out_per_second), rate_text(shard->in_per_second)),
                {}}};
  if (shard->worst) {
    const auto& worst = *shard->worst;
    figures.push_back(
        {worst.signal + " " + of_normal_text(worst.ratio, worst.normal), toned(tone_of(worst))});
    figures.push_back({"  evidence ", {}});
    const Cell evidence = evidence_cell(shard->evidence);
    figures.push_back({evidence.text, toned(evidence.tone)});
    figures.push_back({fmt::format("/{:.1f}", shard->evidence.threshold), {}});
  } else {
    figures.push_back({"propagation not known", faint});
  }
  std::vector<Line> lines{figures};

  const auto bars = state.past.shards.find(state.shard);
  if (bars == state.past.shards.end() || bars->second.empty()) return lines;
  double peak = 0;
  for (const Bar& bar : bars->second) peak = std::max(peak, bar.events_out.value_or(0));
  const std::string label = "out/s, 15 min, peak " + rate_text(peak) + " ";
  if (columns < label.size() + 10) return lines;
  Line plot{{label, faint}};
  const auto spark = sparkline(bars->second, newest(state.past), state.past.step_seconds,
                               std::min<std::size_t>(columns - label.size(), 180), looks.ascii);
  plot.insert(plot.end(), spark.begin(), spark.end());
  lines.push_back(plot);
  return lines;
}

std::vector<Line> firing_pane(const State& state, std::size_t rows) {
  std::vector<Line> lines;
  for (const Alert& alert : state.answer.alerts) {
    if (!alert.fires() || lines.size() == rows) continue;
    const Tone tone = alert.severity == "critical" ? Tone::bad : Tone::warn;
    std::string where = terminal_safe(alert.shard);
    if (!alert.peer.empty()) where += " to " + terminal_safe(alert.peer);
    lines.push_back({{"! " + terminal_safe(alert.name), toned(tone)},
                     {fmt::format("  {}, {}: {}", where, age_text(alert.since_seconds),
                                  terminal_safe(alert.summary)),
                      {}}});
  }
  return lines;
}

std::vector<Line> alert_pane(const Alert& alert, std::size_t columns) {
  std::vector<Line> lines;
  for (const auto& [label, sentence] : {std::pair<std::string, std::string>{"", alert.summary},
                                        {"why: ", alert.why},
                                        {"next: ", alert.next}}) {
    if (sentence.empty()) continue;
    std::string text = wrapped(label + terminal_safe(sentence), 0, columns);
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      lines.push_back({{text.substr(0, end), {.bold = label.empty()}}});
      text.erase(0, end + 1);
    }
  }
  return lines;
}

std::string nothing_text(const State& state) {
  if (!state.list().filter.empty()) return "nothing matches the filter; Esc clears it";
  const bool known = std::ranges::find(state.answer.shards, state.shard, &Shard::name) !=
                     state.answer.shards.end();
  switch (state.screen) {
    case Screen::shards:
      return "no shard yet: no WebSocket server has been seen on this host";
    case Screen::sockets:
    case Screen::peers:
      if (!known) return "the agent knows no shard of this name; Esc lists those it knows";
      if (state.answer.opened != state.shard) return "asking";
      return state.screen == Screen::sockets
                 ? "no socket of this shard is open"
                 : "no peer: no replication is configured for this shard, or nobody is connected";
    case Screen::alerts:
      return "no alert, no finding";
    case Screen::help:
      break;
  }
  return {};
}

Line footer(const State& state, std::size_t columns) {
  if (state.typing)
    return {{"filter: " + terminal_safe(state.list().filter), bold},
            {" ", {.reverse = true}},
            {"  Enter keeps, Esc clears", faint}};
  auto all = hints(state);
  const auto line = [&] {
    Line made;
    for (const Hint& hint : all) {
      if (!made.empty()) made.push_back({"  "});
      made.push_back({std::string(hint.key), bold});
      made.push_back({" " + std::string(hint.text), {}});
    }
    return made;
  };
  // Help and quit stay: who has these finds the rest.
  while (all.size() > 2 && width_of(line()) > columns) all.erase(all.end() - 3);
  return line();
}

std::vector<Line> help_lines() {
  constexpr std::array<Hint, 20> rows{{
      {"up down j k", "choose a row; PgUp PgDn Home End g G jump"},
      {"Enter", "open the shard; on an alert: the shard that it is of"},
      {"Esc", "clear the filter, go back"},
      {"Tab", "sockets or peers of the shard"},
      {"a", "alerts and findings: why, and what to do first"},
      {"/", "filter: rows that contain the text"},
      {"s S", "sort by the next column, the one before; r reverses"},
      {"t", "rates a second, or totals since the agent's start"},
      {"p", "pause; h ? this help; q quit"},
      {"", ""},
      {"PROPAGATION", "the ratio that is furthest below its normal: read"},
      {"", "0.31 of 0.99 as: 0.99 when all is well, 0.31 now"},
      {"EVIDENCE", "nats against nothing being lost; red: believed"},
      {"COVERAGE", "share of the open sockets that is counted exactly"},
      {"LAST 15 MIN", "events out, kept by the agent, the newest at the"},
      {"", "right; red: an alert fired; blank: not known"},
      {"OUT/S IN/S", "of sockets: events since the last look (peers and"},
      {"", "replication sockets: log entries)"},
      {"!", "an alert fires for this row"},
      {"-", "not known"},
  }};
  std::vector<Line> lines;
  lines.reserve(rows.size());
  for (const Hint& row : rows)
    lines.push_back({{fmt::format("{:<12} ", row.key), bold}, {std::string(row.text), {}}});
  return lines;
}

}  // namespace fanfare::top
