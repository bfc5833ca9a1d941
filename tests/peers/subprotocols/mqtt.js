// SPDX-License-Identifier: Apache-2.0
// MQTT 5 by MQTT.js, QoS 0 and 1. The client cuts a packet into several messages of WebSocket.
import mqtt from 'mqtt';

const PUBLISH = 3;
const PINGREQ = 12;
const PINGRESP = 13;
const DUP = 8; // of a PUBLISH: it has been sent before

const whole = (data) => { // bytes of the first packet; 0 while its length has not come
  for (let at = 1, length = 0; at < data.length; at += 1) {
    length += (data[at] & 127) * 128 ** (at - 1);
    if (data[at] < 128) return at + 1 + length;
  }
  return 0;
};

export function classify(direction, data, isBinary, memory) {
  let rest = Buffer.concat([memory.rest ?? Buffer.alloc(0), data]);
  const classes = [];
  for (let length = whole(rest); length && length <= rest.length; length = whole(rest)) {
    const type = rest[0] >> 4;
    if (type === PUBLISH) classes.push(rest[0] & DUP ? 'other' : 'event');
    else classes.push(type === PINGREQ || type === PINGRESP ? 'heartbeat' : 'control');
    rest = rest.subarray(length);
  }
  memory.rest = rest;
  return classes;
}

export async function connect(url, member) {
  const client = await mqtt.connectAsync(url, {
    protocolVersion: 5, reconnectPeriod: 0, keepalive: 3,
  });
  client.on('message', () => { member.delivered += 1; });
  await client.subscribeAsync('room/#', { qos: 1 });
  return {
    publish: (text, index) => client.publishAsync(`room/${index}`, text, { qos: index % 2 }),
    // By force: nobody sends a close frame. In order, whether mosquitto does is chance.
    close: () => client.endAsync(true),
  };
}
