// SPDX-License-Identifier: Apache-2.0
// XMPP over WebSocket (RFC 7395), by hand: anonymous login, stream management, a room.
import { once } from 'node:events';
import WebSocket from 'ws';

const STANZA = /^<(\w+)/;
const MANAGEMENT = new Set(['r', 'a']); // XEP-0198: "have you got it?" and "I have"

export function classify(direction, data) {
  const name = STANZA.exec(data.subarray(0, 20).toString())?.[1];
  if (name === 'message') return ['event'];
  return MANAGEMENT.has(name) ? ['heartbeat'] : ['other'];
}

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export async function connect(url, member) {
  const socket = new WebSocket(url, ['xmpp']);
  const waiting = []; // [pattern, resolve]
  let leaving = false; // what is said then may find nobody
  let stanzas = 0; // handled since <enabled/>, for the server's <r/>
  socket.on('message', (data) => {
    const text = data.toString();
    if (/^<(message|presence|iq)/.test(text)) stanzas += 1;
    if (text.startsWith('<enabled')) stanzas = 0;
    if (text.startsWith('<r ') && !leaving) {
      socket.send(`<a xmlns="urn:xmpp:sm:3" h="${stanzas}"/>`);
    }
    if (text.startsWith('<message')) member[text.includes('<body>') ? 'delivered' : 'beside'] += 1;
    const at = waiting.findIndex(([pattern]) => pattern.test(text));
    if (at >= 0) waiting.splice(at, 1)[0][1](text);
  });
  const answer = (pattern) => new Promise((resolve) => { waiting.push([pattern, resolve]); });
  const ask = (text, pattern) => { socket.send(text); return answer(pattern); };

  await once(socket, 'open');
  const hello = '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>';
  await ask(hello, /^<stream:features/);
  await ask('<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>', /^<success/);
  await ask(hello, /^<stream:features/);
  const bound = await ask('<iq xmlns="jabber:client" type="set" id="b">'
    + '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>', /^<iq/);
  const nick = /<jid>([^@]+)/.exec(bound)[1];
  await ask('<enable xmlns="urn:xmpp:sm:3"/>', /^<enabled/);
  // The room's subject is the last that is sent to one who comes.
  await ask(`<presence xmlns="jabber:client" to="lobby@rooms.localhost/${nick}">`
    + '<x xmlns="http://jabber.org/protocol/muc"/></presence>', /^<message.*<subject/);
  const asking = setInterval(() => socket.send('<r xmlns="urn:xmpp:sm:3"/>'), 3000);
  return {
    publish: (text, index) => socket.send('<message xmlns="jabber:client" type="groupchat" '
      + `to="lobby@rooms.localhost" id="${index}"><body>${escape(text)}</body></message>`),
    close: async () => {
      leaving = true;
      clearInterval(asking);
      await ask('<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>', /^<close/);
      socket.close(1000);
    },
  };
}
