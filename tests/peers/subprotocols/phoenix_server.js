// SPDX-License-Identifier: Apache-2.0
// NOT Phoenix: a stand-in that writes the bytes of its serializer (V2, JSON and binary), since no
// Elixir packages are at hand where this runs. Phoenix's own JavaScript client reads them.
import { WebSocketServer } from 'ws';

const REPLY = 1; // first byte of a binary message; what a client pushes begins with 0
const BROADCAST = 2;

function binary(kind, fields, data) { // kind, the length of each field, the fields
  return Buffer.concat([Buffer.from([kind, ...fields.map((field) => field.length)]),
    ...fields.map((field) => Buffer.from(field)), data]);
}

function pushed(message) { // 0, five bytes of lengths and kind, then the fields
  let at = 5;
  const fields = [...message.subarray(1, 5)].map((length) => {
    at += length;
    return message.toString('latin1', at - length, at);
  });
  return [...fields, message.subarray(at)]; // join_ref, ref, topic, event, payload
}

export function serve(http, heard) {
  const room = new Set();
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket) => {
    const say = (...fields) => socket.send(JSON.stringify(fields));
    const ok = { status: 'ok', response: {} };
    socket.on('close', () => room.delete(socket));
    socket.on('message', (message, isBinary) => {
      const [join, ref, topic, event, payload] = isBinary ? pushed(message) : JSON.parse(message);
      if (event === 'phx_join') {
        room.add(socket);
        say(join, ref, topic, 'phx_reply', ok);
        say(join, null, topic, 'presence_state', {});
        for (const one of room) {
          one.send(JSON.stringify([null, null, topic, 'presence_diff', { joins: {}, leaves: {} }]));
        }
      } else if (event === 'phx_leave') {
        say(join, ref, topic, 'phx_reply', ok);
        say(join, ref, topic, 'phx_close', {});
      } else if (event === 'heartbeat') {
        say(null, ref, topic, 'phx_reply', ok);
      } else if (isBinary) {
        heard();
        socket.send(binary(REPLY, [join, ref, topic, 'ok'], Buffer.from('{}')));
        for (const one of room) one.send(binary(BROADCAST, [topic, 'shown'], payload));
      } else {
        heard();
        say(join, ref, topic, 'phx_reply', ok);
        for (const one of room) one.send(JSON.stringify([null, null, topic, 'said', payload]));
      }
    });
  });
}
