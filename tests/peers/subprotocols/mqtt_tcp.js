// SPDX-License-Identifier: Apache-2.0
// Clients of MQTT over TCP by MQTT.js, in one process. Each counts the packets that its library
// sent and received, by class; "out" is from the server to the client.
// usage: mqtt_tcp.js PORT
import { createInterface } from 'node:readline';
import mqtt from 'mqtt';

const [port] = process.argv.slice(2);
const members = []; // every client that ever came, in order
const text = 'good evening, everyone; nice to be "here" \\o/ '.repeat(1600);
const nothing = () => ({ event: 0, heartbeat: 0, control: 0, other: 0 });

const kind = ({ cmd, dup }) => { // `other` is what is sent again
  if (cmd === 'publish') return dup ? 'other' : 'event';
  return cmd === 'pingreq' || cmd === 'pingresp' ? 'heartbeat' : 'control';
};

// One connection; a client that is resumed gets a new one.
async function join(options, topic, qos) {
  const member = { out: nothing(), in: nothing(), delivered: 0, open: true, quiet: false };
  const client = mqtt.connect({
    host: '127.0.0.1', port: Number(port), reconnectPeriod: 0, keepalive: 2,
    manualConnect: true, ...options, // it sends its first packet before it can be listened to
  });
  client.on('packetsend', (packet) => { member.in[kind(packet)] += 1; });
  client.on('packetreceive', (packet) => { member.out[kind(packet)] += 1; });
  client.on('message', () => { member.delivered += 1; });
  client.on('close', () => { member.open = false; });
  members.push(member);
  member.client = client;
  client.connect();
  await new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
  });
  const { localAddress, localPort } = client.stream;
  member.local = `${localAddress}:${localPort}`;
  if (topic) await client.subscribeAsync(topic, { qos });
  return member;
}

async function connect({ count, version, qualities }) {
  for (let i = 0; i < count; i += 1) {
    await join({ protocolVersion: version }, 'room/#', i % qualities);
  }
}

const talkers = () => members.filter((member) => member.open && !member.quiet);

// Each publishes one event of every size in turn, by every quality of service.
async function publish({ sizes, qualities }) {
  for (const [index, size] of sizes.entries()) {
    for (const { client } of talkers()) {
      await client.publishAsync(`room/${index}`, text.slice(0, size), { qos: index % qualities });
    }
  }
}

// A message that the server keeps for those who come later, and one who does.
async function retain({ version }) {
  await talkers()[0].client.publishAsync('kept/1', 'hello', { qos: 1, retain: true });
  const late = await join({ protocolVersion: version }, 'kept/#', 1);
  late.quiet = true;
}

// A client with a session takes one message, does not acknowledge it, and is gone; when it comes
// again the server sends it once more. And one that publishes with DUP.
async function resend() {
  const session = { clientId: 'forgetful', clean: false, protocolVersion: 4 };
  const first = await join(session, 'again/#', 1);
  first.quiet = true;
  first.client.handleMessage = () => {}; // never done: no PUBACK
  const given = new Promise((resolve) => {
    first.client.on('packetreceive', ({ cmd }) => cmd === 'publish' && resolve());
  });
  const { client } = talkers()[0];
  await client.publishAsync('again/1', 'hello', { qos: 1 });
  await given;
  const gone = new Promise((resolve) => { first.client.once('close', resolve); });
  first.client.stream.destroy();
  await gone;
  const second = await join(session);
  second.quiet = true;
  await client.publishAsync('nobody/1', 'hello', { qos: 1, dup: true });
}

async function close({ count }) {
  const leaving = members.filter((member) => member.open).slice(0, count);
  for (const { client } of leaving) await client.endAsync();
}

const report = () => ({ clients: members.map(({ client, ...member }) => member) });
const actions = { connect, publish, retain, resend, close, report, quit: () => process.exit(0) };
console.log('{}'); // up
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
}
process.exit(0);
