// SPDX-License-Identifier: Apache-2.0
// A chat over plain HTTP: POST /api/send publishes to every stream at GET /events; a text that
// begins with "refuse" is answered 422. Told by lines of JSON on stdin.
// usage: server.js PORT
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const streams = new Set();

function everyone(text) {
  for (const stream of streams) stream.write(text);
}

const server = createServer((request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' });
    response.write('retry: 100000\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString();
    const publishes = request.method === 'POST' && request.url.startsWith('/api/send');
    const refused = text.startsWith('refuse');
    if (publishes && !refused) everyone(`id: 1\ndata: ${text}\n\n`);
    response.statusCode = refused ? 422 : publishes ? 201 : 200;
    if (text.length % 3 === 0) { // in chunks, else with its length
      response.write('{');
      response.end('"done":true}');
    } else {
      response.end(request.url === '/empty' ? undefined : '{"done":true}');
    }
  });
});
server.keepAliveTimeout = 60000;
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('{}'));

const actions = {
  beat: ({ count }) => { for (let i = 0; i < count; i += 1) everyone(': beat\n\n'); },
  retry: () => everyone('retry: 5000\n\n'),
  quit: () => process.exit(0),
};
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify(actions[command.do](command) ?? {}));
}
