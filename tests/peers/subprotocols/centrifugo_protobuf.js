// SPDX-License-Identifier: Apache-2.0
// Centrifugo's protocol in protobuf by centrifuge-js: each message behind its length.
import { Centrifuge } from 'centrifuge/build/protobuf';
import { join } from './centrifugo_join.js';

const DELIMITED = 2; // wire type
const PUSH = 4; // fields of Reply, Push and Command
const PUB = 4;
const PUBLISH = 7;

function varint(data, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = data[at];
    at += 1;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

function fields(data) {
  const found = new Map();
  for (let at = 0; at < data.length;) {
    let key;
    let value;
    [key, at] = varint(data, at);
    [value, at] = varint(data, at);
    if ((key & 7) === DELIMITED) {
      found.set(key >> 3, data.subarray(at, at + value));
      at += value;
    }
  }
  return found;
}

export function classify(direction, data) {
  const classes = [];
  for (let at = 0; at < data.length;) {
    const [length, start] = varint(data, at);
    at = start + length;
    const said = fields(data.subarray(start, at));
    const isEvent = direction === 'in' ? said.has(PUBLISH)
      : said.has(PUSH) && fields(said.get(PUSH)).has(PUB);
    classes.push(length === 0 ? 'heartbeat' : isEvent ? 'event' : 'other');
  }
  return classes;
}

export const connect = (url, member) => join(Centrifuge, url, member);
