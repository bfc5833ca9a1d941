// SPDX-License-Identifier: Apache-2.0
// The list of shards, in the agent's order: a card keeps its place while one looks at it.
import { Card } from "./card.js";
import { keyed, setText } from "./dom.js";
import { fires } from "./format.js";

const MOST_CARDS = 50; // more make a browser slow; the filter finds the others
const FILTER_FROM = 6;

const list = document.getElementById("shards");
const filter = document.getElementById("filter");
const show = keyed(list, (item) => new Card(item.shard));
let latest = null;

// Those that an alert speaks of are shown whatever the bound.
function chosen(status) {
  const words = filter.value.trim().toLowerCase();
  const matching = status.shards.filter((shard) => shard.shard.toLowerCase().includes(words));
  const ill = new Set(status.alerts.filter((a) => fires(a)).map((a) => a.shard));
  let room = MOST_CARDS - matching.filter((shard) => ill.has(shard.shard)).length;
  return matching.filter((shard) => ill.has(shard.shard) || room-- > 0);
}

function noteOf(status, shown) {
  if (!status.shards.length) return status.note ?? "";
  if (shown === status.shards.length) return "";
  return `${shown} of ${status.shards.length} shards are shown; those with an alert always, if the filter allows.`;
}

export function showShards(status) {
  latest = status;
  const shards = chosen(status);
  document.getElementById("filter-row").hidden = status.shards.length < FILTER_FROM && !filter.value;
  setText(document.getElementById("shard-note"), noteOf(status, shards.length));
  show(
    shards.map((shard) => ({ shard: shard.shard, figures: shard, status })),
    (item) => item.shard,
  );
}

filter.addEventListener("input", () => latest && showShards(latest));
