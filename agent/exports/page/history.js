// SPDX-License-Identifier: Apache-2.0
// The last 15 minutes of each shard: what the agent remembers, gone on with from each status.

export const SPAN_SECONDS = 900;
export const STEP_SECONDS = 5;

const bucket = (at) => Math.floor(at / STEP_SECONDS) * STEP_SECONDS;

const least = (numbers) => (numbers.length ? Math.min(...numbers) : null);

// A point as /api/v1/history has it, of a shard of /api/v1/status.
export function pointOf(shard, alerts, at) {
  const signal = (name) => shard.signals.find((s) => s.name === name) ?? { ratio: null, normal: null };
  const known = shard.signals.filter((s) => s.name === "replication" && s.ratio !== null);
  return {
    at: bucket(at),
    events_out: shard.events_out_per_second,
    events_in: shard.events_in_per_second,
    synced: shard.sockets.synced,
    unsynced: shard.sockets.unsynced,
    coverage: shard.coverage,
    reach: signal("reach").ratio,
    reach_normal: signal("reach").normal,
    copies: signal("copies").ratio,
    copies_normal: signal("copies").normal,
    replication: least(known.map((s) => s.ratio)),
    evidence: shard.signals.length ? Math.max(...shard.signals.map((s) => s.evidence)) : null,
    firing: alerts.filter((a) => a.shard === shard.shard && a.state === "firing").length,
  };
}

export class History {
  #points = new Map(); // by time, in the order of time

  add(point) {
    this.#points.delete(point.at);
    this.#points.set(point.at, point);
    for (const at of this.#points.keys()) {
      if (at > point.at - SPAN_SECONDS) break;
      this.#points.delete(at);
    }
  }

  // What was added since wins: it is newer.
  async load(name) {
    const answer = await fetch(`/api/v1/history?shard=${encodeURIComponent(name)}`);
    if (!answer.ok) return;
    const { shards } = await answer.json();
    const remembered = shards.find((s) => s.shard === name)?.points ?? [];
    const merged = new Map(remembered.map((point) => [bucket(point.at), { ...point, at: bucket(point.at) }]));
    for (const [at, point] of this.#points) merged.set(at, point);
    this.#points = new Map([...merged].sort(([a], [b]) => a - b));
  }

  // Every step of the span that ends with the newest point; null where nothing is known.
  steps() {
    const newest = [...this.#points.keys()].at(-1);
    if (newest === undefined) return [];
    const steps = [];
    for (let at = newest - SPAN_SECONDS + STEP_SECONDS; at <= newest; at += STEP_SECONDS) {
      steps.push(this.#points.get(at) ?? { at });
    }
    return steps;
  }
}
