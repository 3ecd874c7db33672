import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { outcomeOf } from '../bench.js';
import type { Group } from '../case.js';
import { Reader } from '../collect.js';

const MiB = 1024 * 1024;

/** What `yes TEXT | head -c SIZE` prints. */
const repeated = (text: string, size: number): Buffer => Buffer.alloc(size, `${text}\n`);

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Standard input, output and error, as pipes. */
export const streams: Group = {
  name: 'streams',
  cases: [
    {
      name: 'keep output and errors apart',
      run: async (bench) => {
        const { stdout, stderr } = await bench.run(['/bin/sh', '-c', 'echo out; echo err >&2']);
        assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
      },
    },
    {
      name: 'give the program its input, and its end',
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['cat'] } });
        container.streams!.stdin!.write('one\n');
        container.streams!.stdin!.write('two\n');
        const { exit, stdout } = await outcomeOf(container);
        assert.equal(stdout, 'one\ntwo\n');
        assert.equal(exit.code, 0);
      },
    },
    {
      name: 'keep the input open until it is ended',
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['cat'] } });
        const reader = new Reader(container.streams?.stdout);
        container.streams!.stdin!.write('hello\n');
        await reader.until('hello\n');
        await sleep(100);
        assert.equal(container.status, 'running');
        assert.equal(reader.ended, false);
        container.streams!.stdin!.end();
        assert.equal((await container.wait()).code, 0);
        await reader.end();
      },
    },
    {
      name: 'pass every byte',
      run: async (bench) => {
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
        const container = await bench.start({ process: { args: ['cat'] } });
        container.streams!.stdin!.end(bytes);
        assert.deepEqual(await buffer(container.streams!.stdout!), bytes);
      },
    },
    {
      name: 'pass 64 MiB of output',
      run: async (bench) => {
        const size = 64 * MiB;
        const script = `yes 0123456789abcdef | head -c ${size}`;
        const container = await bench.start({ process: { args: ['/bin/sh', '-c', script] } });
        const hash = createHash('sha256');
        let length = 0;
        for await (const chunk of container.streams!.stdout! as AsyncIterable<Buffer>) {
          hash.update(chunk);
          length += chunk.length;
        }
        assert.equal(length, size);
        assert.equal(hash.digest('hex'), sha256(repeated('0123456789abcdef', size)));
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'pass 8 MiB of input',
      run: async (bench) => {
        const data = repeated('fedcba987654321', 8 * MiB);
        const container = await bench.start({ process: { args: ['sha256sum'] } });
        container.streams!.stdin!.end(data);
        const { stdout } = await outcomeOf(container);
        assert.equal(stdout.split(' ')[0], sha256(data));
      },
    },
    {
      name: 'hold a program back whose output nobody reads, and lose nothing',
      run: async (bench) => {
        const size = 4 * MiB;
        const container = await bench.start({
          process: { args: ['/bin/sh', '-c', `yes x | head -c ${size}`] },
        });
        await sleep(200);
        assert.equal(container.status, 'running');
        assert.equal(sha256(await buffer(container.streams!.stdout!)), sha256(repeated('x', size)));
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'take input that the program does not read',
      run: async (bench) => {
        const container = await bench.start({ process: { args: ['true'] } });
        const { stdin } = container.streams!;
        // A broken pipe is the program's affair; it must not become an error that nobody handles.
        stdin!.on('error', () => undefined);
        stdin!.write(repeated('x', MiB));
        assert.equal((await container.wait()).code, 0);
      },
    },
    {
      name: 'can be /dev/null and descriptors of the caller',
      run: async (bench) => {
        const file = join(bench.scratch, 'output');
        const fd = openSync(file, 'w');
        try {
          const container = await bench.start({
            process: {
              args: ['/bin/sh', '-c', 'cat; echo out; echo err >&2'],
              stdio: ['null', { fd }, 'pipe'],
            },
          });
          assert.equal(container.streams!.stdin, undefined);
          assert.equal(container.streams!.stdout, undefined);
          const { exit, stderr } = await outcomeOf(container);
          assert.equal(exit.code, 0);
          assert.equal(stderr, 'err\n');
        } finally {
          closeSync(fd);
        }
        assert.equal(readFileSync(file, 'utf8'), 'out\n');
      },
    },
    {
      name: 'break when the reader in the container is gone, as pipes do',
      run: async (bench) => {
        // Node ignores SIGPIPE; a program that inherited that would write on.
        const script = 'set -o pipefail; yes | head -n 1';
        const { exit, stdout } = await bench.run(['/bin/sh', '-c', script]);
        assert.equal(stdout, 'y\n');
        assert.equal(exit.code, 141);
      },
    },
  ],
};
