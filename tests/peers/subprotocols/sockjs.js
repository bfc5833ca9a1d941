// SPDX-License-Identifier: Apache-2.0
// SockJS' framing by hand: a client's message is an array of strings, a server's `a` and an array.
import { once } from 'node:events';
import WebSocket from 'ws';

const SEVERAL = 5; // publishes in one message of WebSocket, now and then

export function classify(direction, data) {
  const text = data.toString();
  if (direction === 'in') return JSON.parse(text).map(() => 'event');
  if (text[0] === 'a') return JSON.parse(text.slice(1)).map(() => 'event');
  return text === 'h' ? ['heartbeat'] : ['other'];
}

export async function connect(url, member) {
  const socket = new WebSocket(`${url}/${Math.floor(Math.random() * 1e9)}/websocket`);
  const held = [];
  socket.on('message', (data) => {
    const text = data.toString();
    if (text[0] === 'a') member.delivered += JSON.parse(text.slice(1)).length;
  });
  const [first] = await once(socket, 'message');
  if (first.toString() !== 'o') throw new Error(`SockJS opened with ${first}`);
  return {
    publish: (text, index) => {
      held.push(text);
      if (index % SEVERAL && index % 2) return; // some wait for the next
      socket.send(JSON.stringify(held.splice(0)));
    },
    close: () => socket.close(1000),
  };
}
