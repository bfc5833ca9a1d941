// SPDX-License-Identifier: Apache-2.0
// Streams of events by the library better-sse: what is sent to POST /api/send, or to /flood, goes to
// every stream at GET /events; with ?room=NAME to nobody.
// usage: better_sse.js PORT
import { createServer } from 'node:http';
import { createChannel, createSession } from 'better-sse';

const room = createChannel();

const server = createServer(async (request, response) => {
  if (request.url === '/events') {
    room.register(await createSession(request, response));
    return;
  }
  const parts = [];
  for await (const part of request) parts.push(part);
  if (!request.url.includes('?')) room.broadcast(Buffer.concat(parts).toString(), 'message');
  response.writeHead(201).end();
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('{}'));
process.stdin.resume();
