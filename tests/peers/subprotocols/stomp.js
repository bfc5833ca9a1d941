// SPDX-License-Identifier: Apache-2.0
// STOMP 1.2 by stomp.js.
import { Client } from '@stomp/stompjs';
import WebSocket from 'ws';

export function classify(direction, data) {
  const command = data.subarray(0, 8).toString().split('\n')[0];
  if (command === (direction === 'out' ? 'MESSAGE' : 'SEND')) return ['event'];
  return data.toString() === '\n' ? ['heartbeat'] : ['other'];
}

export async function connect(url, member) {
  const client = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp']), reconnectDelay: 0,
    connectHeaders: { login: 'guest', passcode: 'guest', host: '/' },
    heartbeatIncoming: 3000, heartbeatOutgoing: 3000,
  });
  await new Promise((resolve, reject) => {
    client.onConnect = resolve;
    client.onStompError = ({ headers }) => reject(new Error(headers.message));
    client.activate();
  });
  await new Promise((resolve) => {
    client.watchForReceipt('subscribed', resolve);
    client.subscribe('/topic/room', () => { member.delivered += 1; }, { receipt: 'subscribed' });
  });
  return {
    publish: (body) => client.publish({ destination: '/topic/room', body }),
    close: () => client.deactivate(),
  };
}
