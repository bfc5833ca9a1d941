// SPDX-License-Identifier: Apache-2.0
// Centrifugo's protocol in JSON by centrifuge-js: several lines in one message of WebSocket.
import { Centrifuge } from 'centrifuge';
import { join } from './centrifugo_join.js';

export function classify(direction, data) {
  return data.toString().split('\n').filter((line) => line).map((line) => {
    const said = JSON.parse(line);
    if (Object.keys(said).length === 0) return 'heartbeat';
    return said.push?.pub || said.publish && direction === 'in' ? 'event' : 'other';
  });
}

export const connect = (url, member) => join(Centrifuge, url, member);
