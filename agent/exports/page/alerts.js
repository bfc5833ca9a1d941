// SPDX-License-Identifier: Apache-2.0
// The alerts as the agent orders them, worst first, each with why and what to do.
import { keyed, make, setData, setText } from "./dom.js";
import { clock, duration, fires } from "./format.js";
import { anchorOf } from "./anchor.js";

function timesOf(alert) {
  if (alert.state === "resolved") return `resolved at ${clock(alert.ended_seconds)}`;
  const words = fires(alert) ? alert.state : "seen, not yet told to anybody,";
  return `${words} for ${duration(alert.since_seconds)}, since ${clock(alert.started_seconds)}`;
}

function row() {
  const severity = make("span", { class: "badge" });
  const name = make("strong");
  const where = make("a");
  const times = make("span", { class: "quiet" });
  const summary = make("p", { class: "summary" });
  const why = make("p");
  const missing = make("p", { class: "empty" });
  const next = make("p", { class: "next" });
  const head = make("div", { class: "alert-head" }, severity, name, where, times);
  const element = make("li", {}, head, summary, why, missing, next);
  return {
    element,
    update(alert) {
      setData(element, "severity", alert.severity);
      setData(element, "state", alert.state);
      setText(severity, fires(alert) ? alert.severity : alert.state);
      setText(name, alert.alertname);
      setText(where, [alert.shard ?? "the host", alert.peer && `to ${alert.peer}`].filter(Boolean).join(" "));
      if (alert.shard) where.setAttribute("href", `#${anchorOf(alert.shard)}`);
      setText(times, timesOf(alert));
      setText(summary, alert.summary ?? "");
      setText(why, alert.why ?? "");
      setText(missing, alert.missing ? `It cannot be judged at present: ${alert.missing}.` : "");
      setText(next, alert.next && alert.state !== "resolved" ? alert.next : "");
    },
  };
}

function summaryOf(alerts) {
  const firing = alerts.filter((alert) => fires(alert));
  if (!firing.length) return "No alert fires.";
  const names = firing.map((alert) => `${alert.alertname} of ${alert.shard ?? "the host"}`);
  const fire = firing.length === 1 ? "1 alert fires" : `${firing.length} alerts fire`;
  return `${fire}: ${[...new Set(names)].join(", ")}.`;
}

const show = keyed(document.getElementById("alerts"), row);

export function showAlerts(alerts) {
  const summary = document.getElementById("alert-summary");
  setText(summary, summaryOf(alerts));
  setData(summary, "firing", String(alerts.some((alert) => fires(alert))));
  show(alerts, (alert) => JSON.stringify([alert.alertname, alert.shard, alert.peer]));
}
