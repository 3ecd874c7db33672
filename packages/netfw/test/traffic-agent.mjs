// Speaks on the network of the process it is: told by its parent what to serve and whom to call.
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

/** Answers with its own name and the caller's address. */
function serve({ protocol, address, port, name }) {
  return new Promise((resolve, reject) => {
    const answer = (caller) => `${name} ${caller.replace('::ffff:', '')}`;
    if (protocol === 'udp') {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      socket.on('error', reject);
      socket.on('message', (_, peer) => socket.send(answer(peer.address), peer.port, peer.address));
      socket.bind(port, address, () => resolve('listening'));
      return;
    }
    const server = createServer((socket) => socket.on('error', () => {}).end(answer(socket.remoteAddress)));
    server.on('error', reject);
    server.listen({ port, host: address }, () => resolve('listening'));
  });
}

/** The answer, or why there is none. */
function call({ protocol, address, port, from, timeoutMs }) {
  return new Promise((resolve) => {
    if (protocol === 'udp') {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      const end = (result) => {
        clearTimeout(timer);
        socket.close();
        resolve(result);
      };
      const timer = setTimeout(() => end('timeout'), timeoutMs);
      socket.on('error', (error) => end(error.code));
      socket.on('message', (message) => end(message.toString()));
      socket.send('?', port, address, (error) => error && end(error.code));
      return;
    }
    const socket = connect({ port, host: address, localAddress: from });
    let text = '';
    const end = (result) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => end('timeout'), timeoutMs);
    socket.on('error', (error) => end(error.code));
    socket.on('data', (data) => (text += data));
    socket.on('end', () => end(text));
  });
}

process.on('message', async ({ id, verb, args }) => {
  try {
    process.send({ id, result: await (verb === 'serve' ? serve(args) : call(args)) });
  } catch (error) {
    process.send({ id, result: `error ${error.message}` });
  }
});
process.on('disconnect', () => process.exit());
process.send({ id: 0, result: 'ready' });
