/** Tests a program of one's own against an engine in memory: no root, no daemon, no containers. */
import { EngineClient } from '@ns/engine-api';
import { FakeEngine } from '@ns/engine-api/testing';

await using engine = await FakeEngine.start({
  programs: {
    async job({ args, stdout, events }) {
      await stdout(`working on ${args[0]}\n`);
      return new Promise((resolve) => {
        events.once('signal', (name) => resolve(name === 'SIGTERM' ? 0 : 1));
      });
    },
  },
});
using client = new EngineClient({ host: engine.host });

const { Id } = await client.containerCreate({ Image: 'busybox', Cmd: ['job', 'x'] });
await client.containerStart(Id);
await client.containerStop(Id);
console.log((await client.containerInspect(Id)).State.Status, (await client.containerWait(Id)).StatusCode);
console.log(engine.trace.join('\n'));
