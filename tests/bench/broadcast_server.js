// SPDX-License-Identifier: Apache-2.0
// A Node `ws` server that says the same to all its clients, as fast as it can: a message goes out
// when the last client's copy of the one before has been handed to the kernel.
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(server, 'listening');
console.log(JSON.stringify({ port: server.address().port }));

async function broadcast({ messages, size }) {
  const text = 'good morning, everyone '.repeat(size).slice(0, size);
  for (let i = 0; i < messages; i += 1) {
    await new Promise((resolve) => {
      let waiting = server.clients.size;
      const sent = () => {
        waiting -= 1;
        if (waiting === 0) resolve();
      };
      for (const client of server.clients) client.send(text, sent);
    });
  }
  return { clients: server.clients.size };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await broadcast(JSON.parse(line))));
}
process.exit(0);
