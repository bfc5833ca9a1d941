// SPDX-License-Identifier: Apache-2.0
// Counts what passes `ws` sockets below the client libraries, whole message by whole message. Every
// library of these tests is given `ws` as its WebSocket. "out" is from the server to the client.
import WebSocket, { Sender } from 'ws';

const RSV1 = 0x40; // of a frame's first byte: the message is compressed
const nothing = () => ({ event: 0, heartbeat: 0, other: 0, control: 0 });

function bytes(data) {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

// classify(direction, bytes, isBinary, memory) names the class of every message inside one of
// WebSocket; `memory` is an object of the direction's own. One record for every connection comes
// into the list that is given back: `messages` are those of WebSocket, `shared` those of them with
// more than one inside, `inner` the controls inside, `packed` what was compressed, `closes` the
// close frames (pings and pongs are `control`).
export function tap(classify) {
  const records = [];
  const of = new WeakMap(); // socket -> record

  function count(socket, direction, data, { isBinary, isPacked }) {
    const record = of.get(socket);
    record.messages[direction] += 1;
    const classes = classify(direction, bytes(data), isBinary, record.memory[direction]);
    record.shared[direction] += Number(classes.length > 1);
    for (const name of classes) {
      record[direction][name] += 1;
      record.inner[direction] += Number(name === 'control');
      record.packed[direction][name] += Number(isPacked);
    }
  }

  function meet(socket, { socket: { localAddress, localPort } }) {
    const record = {
      socket, local: `${localAddress}:${localPort}`, memory: { out: {}, in: {} },
      out: nothing(), in: nothing(), packed: { out: nothing(), in: nothing() },
      messages: { out: 0, in: 0 },
      shared: { out: 0, in: 0 }, inner: { out: 0, in: 0 }, closes: { out: 0, in: 0 },
    };
    of.set(socket, record);
    records.push(record);
  }

  function close(socket) { // close frames as they really passed: `ws` remembers both
    const record = of.get(socket);
    if (!record) return; // refused before there was a connection
    record.closes.out += Number(socket._closeFrameReceived);
    record.closes.in += Number(socket._closeFrameSent);
  }

  const { emit, send, ping } = WebSocket.prototype;
  const { sendFrame } = Sender.prototype;
  const packed = new WeakSet(); // callbacks of messages that left compressed
  const heard = {
    upgrade: meet,
    close,
    message(socket, data, isBinary) {
      count(socket, 'out', data, { isBinary, isPacked: socket._receiver._compressed });
    },
    ping: (socket) => { // `ws` answers by itself
      of.get(socket).out.control += 1;
      of.get(socket).in.control += 1;
    },
    pong: (socket) => { of.get(socket).out.control += 1; },
  };
  WebSocket.prototype.emit = function tapped(name, ...values) {
    heard[name]?.(this, ...values);
    return emit.call(this, name, ...values);
  };
  WebSocket.prototype.send = function tapped(data, options, done) {
    const then = typeof options === 'function' ? options : done;
    const how = typeof options === 'function' ? {} : options ?? {};
    const isBinary = how.binary ?? typeof data !== 'string';
    const sent = (error) => {
      if (!error) count(this, 'in', data, { isBinary, isPacked: packed.has(sent) });
      then?.(error);
    };
    return send.call(this, data, how, sent);
  };
  Sender.prototype.sendFrame = function tapped(parts, done) {
    if (done && parts[0][0] & RSV1) packed.add(done);
    return sendFrame.call(this, parts, done);
  };
  WebSocket.prototype.ping = function tapped(...values) {
    of.get(this).in.control += 1;
    return ping.apply(this, values);
  };
  return records;
}
