// SPDX-License-Identifier: Apache-2.0
// One shard: its figures now, its signals beside what is normal, 15 minutes as plots and as a table.
import { anchorOf } from "./anchor.js";
import { make, setData, setText } from "./dom.js";
import { count, percent, rate } from "./format.js";
import { History, pointOf, STEP_SECONDS } from "./history.js";
import { PLOTS, Plot } from "./plots.js";
import { queriesOf, showQueries } from "./promql.js";
import { signalTable } from "./signals.js";
import { showTable } from "./table.js";

const FIGURES = {
  events_out: ["events/s to clients", (f) => rate(f.events_out_per_second)],
  events_in: ["events/s from clients", (f) => rate(f.events_in_per_second)],
  sockets: ["client sockets", (f) => count(f.sockets.synced + f.sockets.unsynced + (f.sockets.dark || 0))],
  unsynced: ["not readable", (f) => count(f.sockets.unsynced + (f.sockets.dark || 0))],
  coverage: ["coverage", (f) => percent(f.coverage)],
  total: ["events to clients in all", (f) => count(f.events_out)],
};

export class Card {
  #name;
  #history = new History();
  #figures = {};
  #plots = [];
  #visible = false;
  #status = null;

  constructor(name) {
    this.#name = name;
    const id = anchorOf(name);
    this.#badge = make("span", { class: "badge" });
    const title = make("h3", { id: `${id}-title` }, name);
    const figures = make("dl", { class: "figures" });
    for (const [key, [label]] of Object.entries(FIGURES)) {
      this.#figures[key] = make("dd", { "data-figure": key });
      figures.append(make("div", {}, make("dt", {}, label), this.#figures[key]));
    }
    this.#signals = signalTable();
    const plots = make("div", { class: "plots" });
    this.#plots = PLOTS.map((plot) => new Plot(plot, id));
    plots.append(...this.#plots.map((plot) => plot.element));
    this.#table = make("details", {}, make("summary", {}, "The plots as a table"));
    this.#table.addEventListener("toggle", () => this.#draw());
    this.#queries = make("details", {}, make("summary", {}, "As PromQL"));
    this.#queries.addEventListener("toggle", () => {
      if (this.#queries.open && this.#status) showQueries(this.#queries, queriesOf(this.#status, this.#name));
    });
    const head = make("div", { class: "card-head" }, title, this.#badge);
    this.element = make("article", { id, tabindex: "-1", "aria-labelledby": title.id, "data-shard": name }, head,
      figures, this.#signals.element, plots, this.#table, this.#queries);
    this.#observer.observe(this.element);
  }

  #badge;
  #signals;
  #table;
  #queries;

  #figuresNow = null;
  #asked = -Infinity; // performance.now() of the last question for the past

  // Plots cost: they are drawn where somebody can see them.
  #observer = new IntersectionObserver(([entry]) => {
    this.#visible = entry.isIntersecting;
    this.#draw();
  }, { rootMargin: "300px" });

  async #reload() {
    if (performance.now() - this.#asked < STEP_SECONDS * 1000 - 500) return;
    this.#asked = performance.now();
    try {
      await this.#history.load(this.#name);
    } catch {
      return; // the agent is away: the page says so already
    }
    this.#draw();
  }

  update({ figures, status }) {
    this.#status = status;
    const now = status.started_seconds + status.uptime_seconds;
    const point = pointOf(figures, status.alerts, now);
    this.#history.now(point);
    setData(this.element, "firing", String(point.firing > 0));
    setText(this.#badge, point.firing ? `${point.firing} firing` : "");
    for (const [key, [, textOf]] of Object.entries(FIGURES)) setText(this.#figures[key], textOf(figures));
    setData(this.#figures.coverage, "mood", figures.coverage !== null && figures.coverage < 0.95 ? "bad" : "plain");
    this.#signals.update(figures.signals);
    this.#figuresNow = figures;
    this.#draw();
  }

  #draw() {
    if (!this.#visible || document.hidden || !this.#figuresNow) return;
    this.#reload();
    const steps = this.#history.steps();
    for (const plot of this.#plots) plot.draw(steps, this.#figuresNow);
    if (this.#table.open) showTable(this.#table, steps);
  }

  remove() {
    this.#observer.disconnect();
    for (const plot of this.#plots) plot.destroy();
  }
}
