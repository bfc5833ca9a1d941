// SPDX-License-Identifier: Apache-2.0
// Clients of a chat over plain HTTP: EventSources that count what they are given, and publishers on
// kept-alive connections that count how they are answered.
// usage: clients.js PORT
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { EventSource } from 'eventsource';

const port = Number(process.argv[2]);
const listeners = [];
const answers = { accepted: 0, refused: 0, other: 0 };

async function listen({ count }) {
  for (let i = 0; i < count; i += 1) {
    const source = new EventSource(`http://127.0.0.1:${port}/events`);
    const listener = { source, received: 0 };
    source.onmessage = () => { listener.received += 1; };
    await new Promise((resolve, reject) => { source.onopen = resolve; source.onerror = reject; });
    listeners.push(listener);
  }
}

function exchange(agent, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        const ok = response.statusCode >= 200 && response.statusCode < 300;
        const publishes = method === 'POST' && path.startsWith('/api/send');
        if (publishes && ok) answers.accepted += 1;
        else if (publishes) answers.refused += 1;
        else answers.other += 1;
        resolve();
      });
    });
    sent.on('error', reject);
    if (headers.Expect) sent.on('continue', () => sent.end(body));
    else if (body.length % 2) { sent.write(body.slice(0, 1)); sent.end(body.slice(1)); } // chunks
    else sent.end(body);
  });
}

// `count` rounds on each of four connections.
async function publish({ count }) {
  await Promise.all([0, 1, 2, 3].map(async (one) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < count; i += 1) {
      const text = `${(i + one) % 5 === 0 ? 'refuse' : 'hello'} ${'x'.repeat((i * 37) % 5000)}`;
      await exchange(agent, 'POST', `/api/send?round=${i}`, text);
      await exchange(agent, 'POST', '/api/other', text);
      await exchange(agent, 'GET', '/api/send', '');
      await exchange(agent, 'HEAD', '/api/send', '');
      await exchange(agent, 'POST', '/api/send', text,
        { Expect: '100-continue', 'Content-Length': text.length });
    }
    agent.destroy();
  }));
}

const report = () => ({ answers, received: listeners.map((listener) => listener.received) });

const actions = {
  listen,
  publish,
  report,
  close: () => { for (const { source } of listeners) source.close(); },
  quit: () => process.exit(0),
};
console.log('{}'); // up
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
}
