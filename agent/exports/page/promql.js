// SPDX-License-Identifier: Apache-2.0
// The same figures asked of Prometheus.
import { make } from "./dom.js";

const quoted = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

export function queriesOf(status, shard) {
  const all = `cluster=${quoted(status.cluster)},node=${quoted(status.node)},shard=${quoted(shard)}`;
  const events = (direction) =>
    `sum(rate(fanfare_messages_total{${all},role="client",direction="${direction}",class="event"}[1m]))`;
  return [
    ["events/s to clients", events("out")],
    ["events/s from clients", events("in")],
    ["client sockets", `sum(fanfare_sockets{${all},role="client"})`],
    ["coverage", `fanfare_coverage_ratio{${all}}`],
    ["ratios", `fanfare_propagation_ratio{${all}}`],
    ["evidence", `fanfare_evidence{${all}}`],
    ["loss estimate", `fanfare_loss_estimate{${all}}`],
    ["alerts", `fanfare_alerts_firing{${all}}`],
  ];
}

// The clipboard is there on https and loopback only; elsewhere the text is selected for Ctrl-C.
async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(code);
    button.textContent = "selected";
  }
  setTimeout(() => (button.textContent = "copy"), 2000);
}

export function showQueries(parent, queries) {
  parent.querySelector("dl")?.remove();
  const list = make("dl", { class: "queries" });
  for (const [label, query] of queries) {
    const code = make("code", {}, query);
    const button = make("button", { type: "button", "aria-label": `copy the query for ${label}` }, "copy");
    button.addEventListener("click", () => copy(code, button));
    list.append(make("div", {}, make("dt", {}, label), make("dd", {}, code, button)));
  }
  parent.append(list);
}
