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

function post(agent, path, text) {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: '127.0.0.1', method: 'POST', path }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode >= 200 && response.statusCode < 300));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

// `count` publishes on each of four connections, and nothing else.
async function send({ count, path }) {
  await Promise.all([0, 1, 2, 3].map(async (one) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < count; i += 1) {
      const text = `hello ${'x'.repeat((i * 137 + one) % 9000)}`;
      if (await post(agent, path, text)) answers.accepted += 1;
    }
    agent.destroy();
  }));
}

// One after the other without a pause, until it is told to be calm.
let flooding = null;
let flooded = 0;
function flood({ size }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const text = 'y'.repeat(size);
  let on = true;
  const done = (async () => {
    while (on) if (await post(agent, '/flood', text)) flooded += 1;
    agent.destroy();
  })();
  flooding = () => { on = false; return done; };
}

async function calm() {
  await flooding();
  return { flooded };
}

const report = () => ({ answers, received: listeners.map((listener) => listener.received) });

const actions = {
  listen,
  publish,
  send,
  flood,
  calm,
  report,
  close: () => { for (const { source } of listeners) source.close(); },
  quit: () => process.exit(0),
};
console.log('{}'); // up
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
}
