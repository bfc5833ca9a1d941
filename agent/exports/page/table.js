// SPDX-License-Identifier: Apache-2.0
// What the plots show, as a table: for who does not see them, and for who wants the digits.
import { make } from "./dom.js";
import { clock, count, nats, percent, rate, ratio } from "./format.js";

const EVERY_SECONDS = 30; // of steps of five
const COLUMNS = [
  ["time", (p) => clock(p.at)],
  ["out/s", (p) => rate(p.events_out ?? null)],
  ["in/s", (p) => rate(p.events_in ?? null)],
  ["reach", (p) => ratio(p.reach ?? null)],
  ["normal", (p) => ratio(p.reach_normal ?? null)],
  ["copies", (p) => ratio(p.copies ?? null)],
  ["normal", (p) => ratio(p.copies_normal ?? null)],
  ["replication", (p) => ratio(p.replication ?? null)],
  ["evidence", (p) => nats(p.evidence ?? null)],
  ["coverage", (p) => percent(p.coverage ?? null)],
  ["sockets", (p) => count(p.synced === undefined ? null : p.synced + p.unsynced)],
  ["alerts", (p) => count(p.firing ?? null)],
];

// Newest first. Built anew only when there is a new row.
export function showTable(parent, steps) {
  const rows = steps.filter((p) => p.at % EVERY_SECONDS < 5 && p.events_out !== undefined).reverse();
  const key = rows.map((p) => p.at).join();
  if (parent.dataset.rows === key) return;
  parent.dataset.rows = key;
  parent.querySelector(".scroll")?.remove();
  const head = make("tr", {}, ...COLUMNS.map(([label]) => make("th", { scope: "col" }, label)));
  const body = rows.map((p) => make("tr", {}, ...COLUMNS.map(([, text]) => make("td", {}, text(p)))));
  const table = make("table", { class: "history" }, make("caption", {}, "A row every 30 s, newest first"),
    make("thead", {}, head), make("tbody", {}, ...body));
  // Scrolls sideways by itself where the window is narrow, with the arrow keys too.
  const label = "The plots as a table";
  parent.append(make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table));
}
