// SPDX-License-Identifier: Apache-2.0
// Small plots of 15 minutes, one for each question; drawn by uPlot.
import uPlot from "uplot";
import { make, setData, setText } from "./dom.js";
import { clock, nats, percent, rate, ratio } from "./format.js";

const HEIGHT = 110; // CSS pixels

// keys: of a history point; the colours are custom properties of style.css.
export const PLOTS = [
  {
    title: "Events/s", text: rate, least: 1,
    lines: [["out", "events_out", "--line-1"], ["in", "events_in", "--line-2"]],
  },
  {
    title: "Reach", text: ratio, top: 1, signal: "reach",
    lines: [["now", "reach", "--line-1"], ["normal", "reach_normal", "--normal"]],
  },
  {
    title: "Copies for each event", text: ratio, least: 1, signal: "copies",
    lines: [["now", "copies", "--line-1"], ["normal", "copies_normal", "--normal"]],
  },
  {
    title: "Replication, worst peer", text: ratio, top: 1, signal: "replication",
    lines: [["now", "replication", "--line-1"]],
  },
  {
    title: "Evidence of loss, nats", text: nats, least: 1, threshold: true,
    lines: [["now", "evidence", "--line-1"], ["threshold", "threshold", "--normal"]],
  },
  {
    title: "Coverage", text: percent, top: 1,
    lines: [["now", "coverage", "--line-1"]],
  },
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const scheme = matchMedia("(prefers-color-scheme: dark)");

// Where an alert fired, behind the lines.
function shade(plot, steps) {
  const { ctx, bbox } = plot;
  const x = (at) => plot.valToPos(at, "x", true);
  ctx.fillStyle = colour("--firing");
  steps.forEach(({ at, firing }, index) => {
    const from = x(steps[Math.max(0, index - 1)].at);
    if (firing) ctx.fillRect(from, bbox.top, x(at) - from, bbox.height);
  });
}

export class Plot {
  #kind;
  #uplot = null;
  #steps = [];
  #threshold = null;
  #values; // an element for each line
  #hovered = make("span");
  #canvas;
  #empty;
  #resize = new ResizeObserver(() => {
    const width = this.#canvas.clientWidth;
    if (this.#uplot && width) this.#uplot.setSize({ width, height: HEIGHT });
  });
  #recolour = () => {
    this.#uplot?.destroy();
    this.#uplot = null;
    if (this.#steps.length) this.#paint();
  };

  constructor(kind, group) {
    this.#kind = kind;
    this.group = group;
    this.#values = kind.lines.map(() => make("span"));
    const values = make("span", { class: "values" });
    kind.lines.forEach(([, , name], at) => {
      values.append(make("span", { class: "swatch", "data-line": name, "aria-hidden": "true" }), this.#values[at]);
    });
    values.append(this.#hovered);
    this.#canvas = make("div", { class: "canvas", role: "img", "aria-label": kind.title });
    this.#empty = make("p", { class: "empty" });
    this.element = make("figure", { "data-plot": kind.title },
      make("figcaption", {}, make("span", {}, kind.title), " ", values),
      make("div", { class: "frame" }, this.#canvas, this.#empty));
    this.#resize.observe(this.#canvas);
    scheme.addEventListener("change", this.#recolour);
  }

  // figures: the shard in the last status.
  draw(steps, figures) {
    if (!steps.length) return;
    this.#threshold = figures.signals.length ? figures.signals[0].threshold : null;
    this.#steps = this.#kind.threshold ? steps.map((p) => ({ ...p, threshold: this.#threshold })) : steps;
    const known = this.#steps.some((p) => typeof p[this.#kind.lines[0][1]] === "number");
    setData(this.element, "known", String(known));
    const signal = figures.signals.find((s) => s.name === this.#kind.signal);
    setText(this.#empty, known ? "" : (signal?.unknown ?? "Nothing is known of this time."));
    this.#paint();
    this.#tell(null);
    this.#canvas.setAttribute("aria-label", this.#words());
  }

  #data() {
    return [this.#steps.map((p) => p.at), ...this.#kind.lines.map(([, key]) => this.#steps.map((p) => p[key] ?? null))];
  }

  #paint() {
    if (!this.#uplot) this.#uplot = new uPlot(this.#options(), this.#data(), this.#canvas);
    else this.#uplot.setData(this.#data(), false);
    this.#uplot.setScale("x", { min: this.#steps[0].at, max: this.#steps.at(-1).at });
  }

  #options() {
    const { lines, top, least } = this.#kind;
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { show: false },
      font: "11px system-ui, sans-serif" };
    return {
      width: this.#canvas.clientWidth || 260,
      height: HEIGHT,
      padding: [6, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: this.group } },
      scales: {
        x: { time: true },
        y: { range: (_, low, high) => [0, Math.max(top ?? least, (high ?? 0) * 1.08)] },
      },
      axes: [
        { ...axis, space: 60, size: 22, values: (_, times) => times.map((at) => clock(at).slice(0, 5)) },
        { ...axis, space: 28, size: 44, values: (_, marks) => marks.map((mark) => this.#mark(mark)) },
      ],
      series: [{}, ...lines.map(([, , name]) => ({ stroke: colour(name), width: name === "--normal" ? 1 : 1.75,
        dash: name === "--normal" ? [4, 3] : undefined, points: { show: false } }))],
      hooks: {
        drawClear: [(plot) => shade(plot, this.#steps)],
        setCursor: [(plot) => this.#tell(plot.cursor.idx)],
      },
    };
  }

  #mark(number) {
    if (this.#kind.text === percent) return `${Math.round(number * 100)} %`;
    return number >= 10000 ? `${number / 1000}k` : String(Number(number.toPrecision(4)));
  }

  // The values at a step, or the newest ones.
  #tell(index) {
    const point = this.#steps[index ?? this.#steps.length - 1];
    if (!point) return;
    const { lines, text } = this.#kind;
    lines.forEach(([label, key], at) => {
      const figure = text(point[key] ?? null);
      setText(this.#values[at], lines.length === 1 ? figure : `${label} ${figure}`);
    });
    const past = (index ?? this.#steps.length - 1) < this.#steps.length - 1;
    setText(this.#hovered, past ? `at ${clock(point.at)}` : "");
  }

  // The plot in a sentence, for who cannot see it.
  #words() {
    const { title, lines, text } = this.#kind;
    const parts = lines.map(([label, key]) => {
      const known = this.#steps.map((p) => p[key]).filter((v) => typeof v === "number");
      if (!known.length) return `${label} unknown`;
      return `${label} ${text(known.at(-1))}, lowest ${text(Math.min(...known))}, highest ${text(Math.max(...known))}`;
    });
    const minutes = Math.round((this.#steps.at(-1).at - this.#steps[0].at) / 60);
    return `${title}, last ${minutes} minutes: ${parts.join("; ")}. All values are in the table below.`;
  }

  destroy() {
    this.#resize.disconnect();
    scheme.removeEventListener("change", this.#recolour);
    this.#uplot?.destroy();
  }
}
