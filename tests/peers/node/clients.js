// SPDX-License-Identifier: Apache-2.0
// The clients of every peer: many `ws` connections in one process, each with its own count. Sockets
// are named by their local address, as the server's host sees them.
// usage: clients.js plain|deflate URL...   (connections take the URLs in turn)
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import WebSocket from 'ws';

const [mode, ...urls] = process.argv.slice(2);
const text = '{"type":"message.send","text":"hello from a client"} '.repeat(1400);
const binary = Buffer.from(Array.from({ length: 70000 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const clients = []; // every connection ever made, in order

async function connect() {
  const socket = new WebSocket(urls[clients.length % urls.length], {
    perMessageDeflate: mode === 'deflate',
  });
  const client = {
    socket, local: '', deflate: false, received: 0, published: 0,
    pings_in: 0, pings_out: 0, pongs_in: 0,
  };
  clients.push(client);
  socket.on('upgrade', (response) => {
    const { localAddress, localPort } = response.socket;
    client.local = `${localAddress}:${localPort}`;
    client.deflate = 'sec-websocket-extensions' in response.headers;
  });
  socket.on('message', () => { client.received += 1; });
  socket.on('ping', () => { client.pings_in += 1; }); // ws answers each with a pong
  socket.on('pong', () => { client.pongs_in += 1; });
  await once(socket, 'open');
}

function open() {
  return clients.filter(({ socket }) => socket.readyState === WebSocket.OPEN);
}

function publish({ sizes }) {
  sizes.forEach((size, index) => open().forEach((client) => {
    const message = index % 2 ? binary.subarray(0, size) : text.slice(0, size);
    client.socket.send(message, (error) => { if (!error) client.published += 1; });
  }));
}

async function close({ count }) {
  for (const { socket } of open().slice(0, count)) { // one after the other: in order
    socket.close(1000);
    await once(socket, 'close');
  }
}

const actions = {
  connect: ({ count }) => Promise.all(Array.from({ length: count }, connect)).then(() => ({})),
  publish,
  ping: () => open().forEach((client) => { // counted at once: the runner counts on it as a barrier
    client.pings_out += 1;
    client.socket.ping('there?');
  }),
  close,
  report: () => ({
    clients: clients.map(({ socket, ...counts }) => ({
      ...counts,
      open: socket.readyState === WebSocket.OPEN,
    })),
  }),
  quit: () => process.exit(0),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
}
process.exit(0);
