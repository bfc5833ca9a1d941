// SPDX-License-Identifier: Apache-2.0
// NATS over WebSocket by nats.ws: a stream of protocol lines, several in one message of WebSocket.
import WebSocket from 'ws';

let dialed = 0;
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) { // to a browser the server sends fragments: every other is one
    dialed += 1;
    super(url, protocols, dialed % 2 ? {} : { headers: { 'User-Agent': 'Mozilla/5.0' } });
  }
};
const { connect: dial, headers } = await import('nats.ws');

const EVENTS = new Set(['MSG', 'HMSG', 'PUB', 'HPUB']);
const BEATS = new Set(['PING', 'PONG']);

export function classify(direction, data, isBinary, memory) {
  let rest = Buffer.concat([memory.rest ?? Buffer.alloc(0), data]);
  const classes = [];
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end < 0) break;
    const words = rest.subarray(0, end).toString().split(' ');
    const name = words[0].toUpperCase();
    const length = end + 2 + (EVENTS.has(name) ? Number(words.at(-1)) + 2 : 0);
    if (rest.length < length) break;
    classes.push(EVENTS.has(name) ? 'event' : BEATS.has(name) ? 'heartbeat' : 'other');
    rest = rest.subarray(length);
  }
  memory.rest = rest;
  return classes;
}

export async function connect(url, member) {
  const client = await dial({ servers: url, reconnect: false, pingInterval: 3000 });
  client.subscribe('room.>', { callback: () => { member.delivered += 1; } });
  await client.flush();
  return {
    publish: (text, index) => {
      const extra = index % 3 ? undefined : headers();
      extra?.set('kind', 'with a header');
      client.publish(`room.${index}`, text, { headers: extra });
    },
    close: () => client.close(),
  };
}
