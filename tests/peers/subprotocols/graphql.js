// SPDX-License-Identifier: Apache-2.0
// The protocol graphql-transport-ws by graphql-ws. The result of a mutation is a `next` too.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const EVENTS = { out: 'next', in: 'subscribe' };

export function classify(direction, data) {
  const { type } = JSON.parse(data.toString());
  if (type === EVENTS[direction]) return ['event'];
  return type === 'ping' || type === 'pong' ? ['heartbeat'] : ['other'];
}

export async function connect(url, member) {
  const client = createClient({
    url, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0, keepAlive: 3000,
  });
  await new Promise((resolve) => { client.on('connected', resolve); });
  const ignore = () => {};
  client.subscribe({ query: 'subscription { said }' }, {
    next: () => { member.delivered += 1; }, error: ignore, complete: ignore,
  });
  return {
    publish: (text) => new Promise((resolve, reject) => {
      client.subscribe(
        { query: 'mutation Say($text: String!) { say(text: $text) }', variables: { text } },
        { next: () => { member.beside += 1; }, error: reject, complete: resolve },
      );
    }),
    close: () => client.dispose(),
  };
}
