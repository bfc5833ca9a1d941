// SPDX-License-Identifier: Apache-2.0
// SockJS over its WebSocket transport.
import sockjs from 'sockjs';

export function serve(http, heard) {
  const room = new Set();
  const server = sockjs.createServer({ heartbeat_delay: 2000, log: () => {} });
  server.on('connection', (client) => {
    room.add(client);
    client.on('data', (text) => {
      heard();
      for (const one of room) one.write(text);
    });
    client.on('close', () => room.delete(client));
  });
  server.installHandlers(http, { prefix: '/chat' });
}
