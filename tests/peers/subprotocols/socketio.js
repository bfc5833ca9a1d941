// SPDX-License-Identifier: Apache-2.0
// Socket.IO 5 on Engine.IO 4, by their own client.
import { io } from 'socket.io-client';

export function classify(direction, data, isBinary) {
  if (isBinary) return ['other']; // the attachment of an event or of an acknowledgement
  const kind = data.subarray(0, 2).toString();
  if (kind === '42' || kind === '45') return ['event'];
  return data.length === 1 && '23'.includes(kind) ? ['heartbeat'] : ['other'];
}

const connected = (socket) => new Promise((resolve, reject) => {
  socket.on('connect', resolve);
  socket.on('connect_error', reject);
});

export async function connect(url, member, mode) {
  const main = io(url.replace('ws:', 'http:'), {
    transports: ['websocket'], reconnection: false, forceNew: true,
    perMessageDeflate: mode === 'deflate' ? { threshold: 1024 } : undefined,
  });
  const room = main.io.socket('/room');
  for (const socket of [main, room]) {
    socket.on('said', (text, confirm) => { member.delivered += 1; confirm?.('heard'); });
    socket.on('shown', () => { member.delivered += 1; });
  }
  await Promise.all([connected(main), connected(room)]);
  const ways = [
    (text) => main.emit('say', text),
    (text) => room.emit('say', text),
    (text) => main.emit('show', Buffer.from(text), Buffer.from('a second one')),
    (text) => main.emitWithAck('ask', text),
    (text) => room.emitWithAck('ask', text),
    (text) => room.emit('show', Buffer.from(text)),
  ];
  return {
    publish: (text, index) => ways[index % ways.length](text),
    close: () => main.io.engine.close(),
  };
}
