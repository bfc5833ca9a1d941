// SPDX-License-Identifier: Apache-2.0
// Phoenix channels, serializer V2, by their own client.
import * as phoenix from 'phoenix';
import WebSocket from 'ws';

const REPLY = 1; // first byte of a binary message

export function classify(direction, data, isBinary) {
  if (isBinary) return [direction === 'out' && data[0] === REPLY ? 'other' : 'event'];
  const [, ref, topic, event] = JSON.parse(data.toString());
  if (topic === 'phoenix') return ['heartbeat'];
  if (event.startsWith('phx_') || event.startsWith('presence_')) return ['other'];
  return [direction === 'in' || ref === null ? 'event' : 'other'];
}

const done = (push) => new Promise((resolve, reject) => {
  push.receive('ok', resolve).receive('error', reject).receive('timeout', reject);
});

export async function connect(url, member) {
  const socket = new phoenix.Socket(url, { transport: WebSocket, heartbeatIntervalMs: 3000 });
  socket.connect();
  const channel = socket.channel('room:lobby', {});
  for (const event of ['said', 'shown']) channel.on(event, () => { member.delivered += 1; });
  await done(channel.join());
  const encoder = new TextEncoder();
  return {
    publish: (text, index) => done(channel.push(...(index % 3 === 2
      ? ['show', encoder.encode(text).buffer] : ['say', { text }]))),
    close: async () => {
      await done(channel.leave());
      await new Promise((resolve) => { socket.disconnect(resolve); });
    },
  };
}
