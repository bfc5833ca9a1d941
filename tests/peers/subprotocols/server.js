// SPDX-License-Identifier: Apache-2.0
// A server written with the sub-protocol's own library: whatever a client publishes goes to every
// client. PROTOCOL_server.js has serve(http, heard, mode): `http` is a server that does not listen
// yet, heard() counts one event from a client. It knows nothing of fanfare.
// usage: server.js PROTOCOL PORT [MODE]
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [name, port, mode = ''] = process.argv.slice(2);
const { serve } = await import(`./${name}_server.js`);
let received = 0; // events from clients, by the library's word

const http = createServer();
await serve(http, () => { received += 1; }, mode);
http.listen(Number(port), '127.0.0.1', async () => {
  console.log(JSON.stringify({ port: http.address().port }));
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.do === 'quit') process.exit(0);
    console.log(JSON.stringify({ received }));
  }
  process.exit(0);
});
