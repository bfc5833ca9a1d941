// SPDX-License-Identifier: Apache-2.0
// The clients of a sub-protocol, in one process, each with its own count. PROTOCOL.js knows how
// they speak: `classify` (see tap.js) and connect(url, member, mode), which counts into the member
// what its library hands to a user (`delivered` of what was published, `beside` the server's own
// events) and resolves, once it would miss nothing, with {publish, close}.
// usage: clients.js PROTOCOL URL [MODE]
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { tap } from './tap.js';

const [name, url, mode = ''] = process.argv.slice(2);
const protocol = await import(`./${name}.js`);
const records = tap(protocol.classify);
const members = []; // every client that ever came, in order
const text = 'good evening, everyone; nice to be "here" \\o/ '.repeat(1600);

async function connect({ count }) {
  for (let i = 0; i < count; i += 1) { // one after the other: the last record is this one's
    const member = { delivered: 0, beside: 0, open: true };
    member.speaker = await protocol.connect(url, member, mode);
    member.record = records.at(-1);
    members.push(member);
  }
}

const open = () => members.filter((member) => member.open);

// Each client publishes one event of every size in turn.
async function publish({ sizes, pause_ms }) {
  for (const [index, size] of sizes.entries()) {
    for (const { speaker } of open()) await speaker.publish(text.slice(0, size), index);
    if (pause_ms) await pause(pause_ms);
  }
}

async function close({ count }) {
  for (const member of open().slice(0, count)) { // in order, none is cut
    const { socket } = member.record;
    const gone = new Promise((resolve) => {
      if (socket.readyState === socket.CLOSED) resolve(); else socket.once('close', resolve);
    });
    await member.speaker.close();
    await gone;
    member.open = false;
  }
}

const report = () => ({
  clients: members.map(({ record, speaker, ...member }) => {
    const { socket, memory, ...counts } = record;
    return { ...counts, ...member };
  }),
});

const actions = { connect, publish, close, report, quit: () => process.exit(0) };
console.log('{}'); // up
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  console.log(JSON.stringify((await actions[command.do](command)) ?? {}));
}
process.exit(0);
