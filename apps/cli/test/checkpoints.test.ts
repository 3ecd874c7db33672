import { FakeEngine } from '@ns/engine-api/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { callNs, type Ended } from './in-process.js';

let engine: FakeEngine;
beforeAll(async () => {
  engine = await FakeEngine.start();
});
afterAll(async () => {
  await engine.stop();
});

const run = (words: string): Promise<Ended> => callNs(engine.host, words);
const out = async (words: string): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(words);
  expect(stderr, words).toBe('');
  expect(exitCode, words).toBe(0);
  return stdout;
};
const stateOf = (name: string): Promise<string> => out(`inspect -f {{.State.Status}} ${name}`);

describe('checkpoints', () => {
  it('end the container, are listed, are what it goes on from, and are removed', async () => {
    await out('run -d --name web busybox signals');
    expect(await out('checkpoint create web first')).toBe('first\n');
    await out('wait web');
    expect(await stateOf('web')).toBe('exited\n');
    expect(await out('checkpoint ls web')).toBe('CHECKPOINT NAME\nfirst\n');
    expect(await out('start --checkpoint first web')).toBe('web\n');
    expect(engine.requests.at(-1)?.query).toEqual({ checkpoint: 'first' });
    expect(await stateOf('web')).toBe('running\n');
    await out('checkpoint create --leave-running web second');
    expect(await stateOf('web')).toBe('running\n');
    expect(await out('checkpoint list web')).toBe('CHECKPOINT NAME\nfirst\nsecond\n');
    await out('kill web');
    await out('wait web');
    expect(await out('restore web second')).toBe('web\n');
    expect(await stateOf('web')).toBe('running\n');
    expect(await out('checkpoint rm web first')).toBe('');
    expect(await out('checkpoint remove web second')).toBe('');
    expect(await out('checkpoint ls web')).toBe('CHECKPOINT NAME\n');
    await out('rm -f web');
  });

  it('can be kept elsewhere', async () => {
    await out('run -d --name far busybox signals');
    await out('checkpoint create --checkpoint-dir /srv/c far one');
    await out('wait far');
    expect(await out('checkpoint ls far')).toBe('CHECKPOINT NAME\n');
    expect(await out('checkpoint ls --checkpoint-dir /srv/c far')).toBe('CHECKPOINT NAME\none\n');
    expect((await run('restore far one')).exitCode).toBe(1);
    await out('restore --checkpoint-dir /srv/c far one');
    expect(engine.requests.at(-1)?.query).toEqual({ checkpoint: 'one', 'checkpoint-dir': '/srv/c' });
    await out('checkpoint rm --checkpoint-dir=/srv/c far one');
    await out('rm -f far');
  });

  it('that cannot be are told', async () => {
    const id = (await out('create --name idle busybox')).trim();
    const refusals = [
      ['checkpoint create idle x', `Error response from daemon: container ${id} is not running\n`],
      [
        'checkpoint rm idle x',
        'Error response from daemon: checkpoint x does not exist for container idle\n',
      ],
      ['checkpoint ls gone', 'Error response from daemon: No such container: gone\n'],
      ['restore idle x', 'Error response from daemon: checkpoint x does not exist for container idle\n'],
      [
        'start --checkpoint x idle',
        'Error response from daemon: checkpoint x does not exist for container idle\nError: failed to start containers: idle\n',
      ],
      [
        'start --checkpoint x idle other',
        'ns: you can restore one container at a time, and not attach to it\n',
      ],
      ['start -a --checkpoint x idle', 'ns: you can restore one container at a time, and not attach to it\n'],
    ] as const;
    for (const [words, stderr] of refusals) {
      expect(await run(words), words).toEqual({ exitCode: 1, stdout: '', stderr });
    }
    expect(await stateOf('idle')).toBe('created\n');
  });

  it.each([
    ['checkpoint create web', "'ns checkpoint create' requires 2 arguments"],
    ['checkpoint ls', "'ns checkpoint ls' requires 1 argument"],
    ['restore web', "'ns restore' requires 2 arguments"],
  ])('%s is answered', async (words, message) => {
    expect(await run(words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) });
  });
});
