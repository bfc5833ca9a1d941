// SPDX-License-Identifier: Apache-2.0
// What a centrifuge-js client does, whatever its encoding: `Centrifuge` is that of the encoding.
import WebSocket from 'ws';

export async function join(Centrifuge, url, member) {
  const client = new Centrifuge(url, { websocket: WebSocket });
  const room = client.newSubscription('room');
  const binary = url.includes('protobuf');
  const encoder = new TextEncoder();
  room.on('publication', () => { member.delivered += 1; });
  room.subscribe();
  client.connect();
  await room.ready(5000);
  return {
    publish: (text) => room.publish(binary ? encoder.encode(text) : { text }),
    close: () => client.disconnect(),
  };
}
