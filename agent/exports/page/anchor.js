// SPDX-License-Identifier: Apache-2.0
// An id for each shard's card. Not its name: that may hold anything.
const numbers = new Map();

export function anchorOf(shard) {
  if (!numbers.has(shard)) numbers.set(shard, numbers.size);
  return `shard-${numbers.get(shard)}`;
}
