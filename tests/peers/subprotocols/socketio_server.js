// SPDX-License-Identifier: Apache-2.0
// Socket.IO: two namespaces, events with and without attachments, acknowledgements both ways.
import { Server } from 'socket.io';

export function serve(http, heard, mode) {
  const io = new Server(http, {
    transports: ['websocket'],
    pingInterval: 3000,
    pingTimeout: 10000,
    maxHttpBufferSize: 1e7,
    // Without a context from message to message small ones are left as they are.
    perMessageDeflate: mode === 'deflate'
      && { threshold: 1024, serverNoContextTakeover: true, clientNoContextTakeover: true },
  });
  for (const space of [io, io.of('/room')]) {
    space.on('connection', (socket) => {
      socket.on('say', (text) => { heard(); space.emit('said', text); });
      socket.on('ask', (text, answer) => {
        heard();
        answer(Buffer.from('an answer with an attachment'));
        space.timeout(5000).emit('said', text, () => {}); // every client confirms
      });
      socket.on('show', (...pictures) => { heard(); space.emit('shown', ...pictures); });
    });
  }
}
