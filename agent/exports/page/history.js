// SPDX-License-Identifier: Apache-2.0
// The last 15 minutes of each shard: what the agent remembers, and behind it the status of now.
import { fires } from "./format.js";

export const STEP_SECONDS = 5;
// What a plot shows, in seconds: the least of these that holds everything known.
const SPANS = [180, 300, 600, 900];
const LONGEST = SPANS.at(-1);

const least = (numbers) => (numbers.length ? Math.min(...numbers) : null);

// A point as /api/v1/history has it, of a shard of /api/v1/status.
export function pointOf(shard, alerts, at) {
  const signal = (name) => shard.signals.find((s) => s.name === name) ?? { ratio: null, normal: null };
  const known = shard.signals.filter((s) => s.name === "replication" && s.ratio !== null);
  return {
    at,
    events_out: shard.events_out_per_second,
    events_in: shard.events_in_per_second,
    synced: shard.sockets.synced,
    unsynced: shard.sockets.unsynced + shard.sockets.dark,
    coverage: shard.coverage,
    reach: signal("reach").ratio,
    reach_normal: signal("reach").normal,
    copies: signal("copies").ratio,
    copies_normal: signal("copies").normal,
    replication: least(known.map((s) => s.ratio)),
    evidence: shard.signals.length ? Math.max(...shard.signals.map((s) => s.evidence)) : null,
    firing: alerts.filter((a) => a.shard === shard.shard && fires(a)).length,
  };
}

export class History {
  #past = []; // as the agent gave it, oldest first
  #now = null;

  // The point of the running step, which the agent does not tell before it has ended.
  now(point) {
    this.#now = point;
  }

  // An agent that was started anew knows less than this page: what it has forgotten is kept.
  async load(name) {
    const answer = await fetch(`/api/v1/history?shard=${encodeURIComponent(name)}`);
    if (!answer.ok) throw new Error(`history: ${answer.status}`);
    const { shards } = await answer.json();
    const told = shards.find((s) => s.shard === name)?.points ?? [];
    const first = told[0]?.at ?? Infinity;
    this.#past = [...this.#past.filter((point) => point.at < first), ...told];
  }

  // The span that ends with the newest point; steps without one have their time only.
  steps() {
    const known = [...this.#past, this.#now].filter(Boolean);
    const newest = known.at(-1)?.at;
    if (newest === undefined) return [];
    const span = SPANS.find((seconds) => newest - known[0].at <= seconds) ?? LONGEST;
    const steps = [{ at: newest - span }];
    for (const point of known) {
      const before = steps.at(-1).at;
      if (point.at <= before) continue;
      if (point.at - before > 2 * STEP_SECONDS) steps.push({ at: before + STEP_SECONDS });
      steps.push(point);
    }
    return steps;
  }
}
