// SPDX-License-Identifier: Apache-2.0
// graphql-ws: a mutation that says something, a subscription that hears it.
import { EventEmitter, on } from 'node:events';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

export function serve(http, heard) {
  const room = new EventEmitter().setMaxListeners(0);
  const schema = buildSchema(`
    type Query { ready: Boolean }
    type Mutation { say(text: String!): Boolean }
    type Subscription { said: String }`);
  async function* said(left) {
    for await (const [text] of on(room, 'said', { signal: left })) yield { said: text };
  }
  useServer({
    schema,
    context: ({ extra }) => extra,
    roots: {
      mutation: { say: ({ text }) => { room.emit('said', text); return true; } },
      subscription: { said: (_, { left }) => said(left.signal) },
    },
    onConnect: ({ extra }) => {
      extra.left = new AbortController();
      extra.asking = setInterval(() => extra.socket.send('{"type":"ping"}'), 3000);
    },
    onClose: ({ extra }) => { clearInterval(extra.asking); extra.left?.abort(); },
    onSubscribe: () => heard(),
  }, new WebSocketServer({ server: http }));
}
