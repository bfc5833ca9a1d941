// SPDX-License-Identifier: Apache-2.0
// Who speaks, how well it sees, and whether it still does.
import { keyed, make, setData, setText } from "./dom.js";
import { clock, duration, fires } from "./format.js";

const SCOPES = {
  proven: ["good", "scope proven"],
  netns_only: ["good", "scope proven for network namespaces"],
  unproven: ["warn", "scope not proven"],
  refuted: ["bad", "scope refuted"],
};
const MARKS = { good: "✓", warn: "!", bad: "×", plain: "" };

// As cgroups are named everywhere else: from their root.
const shortPath = (path) => path.replace(/^\/sys\/fs\/cgroup(\/unified)?/, "");

function healthOf(status, state) {
  const [scopeMood, scopeText] = SCOPES[status.scope] ?? ["warn", status.scope];
  const age = status.snapshot_age_seconds;
  const scraped = status.last_scrape_seconds;
  return [
    status.attached ? ["good", "attached"] : ["bad", "not attached"],
    state === "stale" || age === null || age >= 5 ? ["bad", "not fresh"] : ["good", "fresh"],
    [scopeMood, status.subtree ? `${scopeText}, of ${shortPath(status.cgroup)} only` : scopeText],
    scraped === null ? ["warn", "never scraped"] : ["plain", `scraped ${duration(scraped)} ago`],
    ["plain", `up ${duration(status.uptime_seconds)}`],
  ].map(([mood, text], at) => ({ at, mood, text }));
}

function chip() {
  const mark = make("span", { "aria-hidden": "true" });
  const text = make("span");
  const element = make("li", {}, mark, text);
  return {
    element,
    update(item) {
      setData(element, "mood", item.mood);
      setText(mark, MARKS[item.mood]);
      setText(text, item.text);
    },
  };
}

function finding() {
  const code = make("code");
  const text = make("span");
  const remedy = make("span", { class: "next" });
  return {
    element: make("li", {}, code, " ", text, " ", remedy),
    update(item) {
      setText(code, item.code);
      setText(text, item.text);
      setText(remedy, item.remedy);
    },
  };
}

const showHealth = keyed(document.getElementById("health"), chip);
const showFindings = keyed(document.getElementById("findings"), finding);

let latest = null;

export function showHeader(status) {
  latest = status;
  setText(document.getElementById("node"), `${status.node} in cluster ${status.cluster}, version ${status.version}`);
  showHealth(healthOf(status, document.body.dataset.state), (item) => item.at);
  showFindings(status.findings, (item) => item.code);
  const firing = status.alerts.filter((alert) => fires(alert)).length;
  const title = `${firing ? `(${firing} firing) ` : ""}${status.node} · fanfare`;
  if (document.title !== title) document.title = title;
}

const TEXTS = {
  connecting: () => "Connecting to the agent",
  live: () => "Live",
  stale: (since) => `Stale: nothing new from the agent since ${clock(since)}. Trying again.`,
};

export function showConnection(state, silentSeconds) {
  setData(document.body, "state", state);
  if (latest) showHealth(healthOf(latest, state), (item) => item.at);
  setText(document.getElementById("connection"), TEXTS[state](Math.round(Date.now() / 1000 - silentSeconds)));
}
