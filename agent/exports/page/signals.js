// SPDX-License-Identifier: Apache-2.0
// The signals of a shard: each ratio beside its normal, the evidence against its threshold.
import { keyed, make, setData, setText } from "./dom.js";
import { nats, percent, ratio } from "./format.js";

const nameOf = (signal) => (signal.peer ? `${signal.name} to ${signal.peer}` : signal.name);

function ratioText(signal) {
  if (signal.ratio === null) return "unknown";
  return signal.normal === null ? `${ratio(signal.ratio)}, normal not learned yet`
    : `${ratio(signal.ratio)} of ${ratio(signal.normal)}`;
}

// Shares of sockets that fare badly: what they have beyond normal is no loss of events.
const MORE_IS_WORSE = new Set(["silence", "stuck", "close_loss"]);

function noteText(signal) {
  if (signal.lost && signal.name === "accepted") return "stopped";
  if (signal.lost) return `${percent(signal.loss_estimate)} ${MORE_IS_WORSE.has(signal.name) ? "worse off" : "lost"}`;
  return signal.ratio === null ? (signal.unknown ?? "") : "";
}

function row() {
  const name = make("th", { scope: "row" });
  const figure = make("span", { class: "ratio" });
  const note = make("span", { class: "note" });
  const evidence = make("span");
  const fill = make("span", { class: "fill" });
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, fill);
  const element = make("tr", {}, name, make("td", {}, figure, " ", note), make("td", {}, evidence, bar));
  return {
    element,
    update(signal) {
      setData(element, "signal", nameOf(signal));
      setData(element, "mood", signal.lost ? "bad" : signal.ratio === null ? "unknown" : "plain");
      setText(name, nameOf(signal));
      setText(figure, ratioText(signal));
      setText(note, noteText(signal));
      setText(evidence, `${nats(signal.evidence)} of ${nats(signal.threshold)}`);
      const share = signal.threshold > 0 ? Math.min(1, signal.evidence / signal.threshold) : 0;
      fill.style.width = `${(100 * share).toFixed(0)}%`;
    },
  };
}

export function signalTable() {
  const body = make("tbody");
  const titles = ["signal", "now, of normal", "evidence of loss (nats)"];
  const head = titles.map((text) => make("th", { scope: "col" }, text));
  const element = make("table", { class: "signals" }, make("thead", {}, make("tr", {}, ...head)), body);
  const show = keyed(body, row);
  return {
    element,
    update(signals) {
      element.hidden = !signals.length;
      show(signals, nameOf);
    },
  };
}
