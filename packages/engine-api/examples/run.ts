/** Runs a container and shows its output, as `docker run` does. Here against the engine in memory; leave out `host` for ns-daemon. */
import { demux, EngineClient } from '@ns/engine-api';
import { FakeEngine } from '@ns/engine-api/testing';

await using engine = await FakeEngine.start();
const client = new EngineClient({ host: engine.host });

const { Id } = await client.containerCreate(
  { Image: 'busybox', Cmd: ['cat'], OpenStdin: true, StdinOnce: true },
  { name: 'copy' },
);
const { stream } = await client.containerAttach(Id, {
  stream: true,
  stdin: true,
  stdout: true,
  stderr: true,
});
const { exit } = await client.containerBeginWait(Id, 'next-exit');
await client.containerStart(Id);

stream.end('what goes in comes out\n'); // closes stdin only
await demux(stream, { stdout: process.stdout, stderr: process.stderr });
console.log(`exit code ${(await exit).StatusCode}`);

await client.containerStart('nosuch').catch((error: unknown) => console.log(String(error)));
