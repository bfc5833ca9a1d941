// SPDX-License-Identifier: Apache-2.0
// The Node peer: a small chat server on `ws` that keeps its own count for every client. A message
// counts as sent when ws calls back without an error. It knows nothing of fanfare.
// usage: server.js plain|deflate HOST
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

const [mode, host] = process.argv.slice(2);
const text = '{"type":"message.new","text":"good morning, everyone"} '.repeat(1300);
const binary = Buffer.from(Array.from({ length: 70000 }, (_, i) => (i * i * 7 + i) & 255));
const clients = []; // every client that ever came, in order

function send(client, index, size) {
  const isBinary = index % 2 === 1;
  const message = isBinary ? binary.subarray(0, size) : text.slice(0, size);
  client.socket.send(message, { binary: isBinary }, (error) => {
    if (error) return;
    client.sent += 1;
    client.frames += 1;
  });
}

function open() {
  return clients.filter((client) => client.socket.readyState === client.socket.OPEN);
}

async function broadcast({ sizes, pause_ms }) {
  for (const [index, size] of sizes.entries()) {
    for (const client of open()) send(client, index, size);
    if (pause_ms) await pause(pause_ms);
  }
}

const actions = {
  broadcast,
  ping: () => open().forEach((client) => client.socket.ping('are you there?', false, (error) => {
    if (!error) client.pings += 1;
  })),
  close: ({ count }) => open().slice(0, count).forEach((client) => client.socket.close(1000)),
  report: () => ({
    clients: clients.map(({ socket, ...counts }) => ({
      ...counts,
      open: socket.readyState === socket.OPEN,
    })),
  }),
  quit: () => process.exit(0),
};

const server = new WebSocketServer({ host, port: 0, perMessageDeflate: mode === 'deflate' });
server.on('connection', (socket, request) => {
  const { remoteAddress, remotePort } = request.socket;
  const client = {
    socket, peer: `${remoteAddress}:${remotePort}`,
    via: request.headers['x-client'] ?? '', // a proxy's word on who is behind it
    sent: 0, received: 0, pings: 0, frames: 0,
  };
  clients.push(client);
  socket.on('message', () => { client.received += 1; });
  send(client, 0, 200); // a welcome, right behind the 101
});

server.on('listening', async () => {
  console.log(JSON.stringify({ port: server.address().port }));
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
  }
  process.exit(0);
});
