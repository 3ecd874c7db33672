import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { NsError, type NsErrorCode } from '@ns/errors';

import { rejects, type Bench } from '../bench.js';
import type { Case, Group } from '../case.js';
import { addProgram } from './program.js';

/** A command that cannot be run: `add` puts into the root what it names. */
interface BadCommand {
  readonly what: string;
  readonly args: readonly string[];
  readonly add?: (bench: Bench) => void;
}

/** Docker's exit code for them is 127. */
const MISSING: readonly BadCommand[] = [
  { what: 'a command that is in no directory of the PATH', args: ['no-such-command'] },
  { what: 'a path that does not exist', args: ['/no/such/command'] },
  { what: 'a path below a file', args: ['/etc/passwd/command'] },
  {
    what: 'a script whose interpreter does not exist',
    args: ['/script'],
    add: (bench) => addProgram(bench, '/script', '#!/no/such/interpreter\n'),
  },
];

/** Docker's exit code for them is 126. */
const NOT_EXECUTABLE: readonly BadCommand[] = [
  { what: 'a directory', args: ['/etc'] },
  {
    what: 'a file that is not executable',
    args: ['/file'],
    add: (bench) => addProgram(bench, '/file', 'text\n', 0o644),
  },
  {
    what: 'a file in the PATH that is not executable',
    args: ['only-here'],
    add: (bench) => addProgram(bench, '/bin/only-here', 'text\n', 0o644),
  },
  {
    what: 'a file in no format that the kernel runs',
    args: ['/file'],
    add: (bench) => addProgram(bench, '/file', '\x00\x01\x02\x03 nothing\n'),
  },
];

const cannotRun = (code: NsErrorCode, commands: readonly BadCommand[]): Case[] =>
  commands.map(({ what, args, add }) => ({
    name: `of ${what}: ${code}`,
    run: async (bench) => {
      add?.(bench);
      const error = await bench.fails(code, { process: { args } });
      assert.ok(error.message.includes(args[0]!), `the message names the command: ${error.message}`);
      assert.ok(NsError.is(error) && error.hint !== undefined, 'there is a hint');
    },
  }));

/** Starts that cannot succeed, and what is left of them. */
export const failures: Group = {
  name: 'start',
  cases: [
    ...cannotRun('ERR_NS_COMMAND_NOT_FOUND', MISSING),
    ...cannotRun('ERR_NS_COMMAND_NOT_EXECUTABLE', NOT_EXECUTABLE),
    {
      name: 'that failed is the end of the container',
      run: async (bench) => {
        const container = await bench.create({ process: { args: ['/none'] } });
        const waiting = rejects('ERR_NS_COMMAND_NOT_FOUND', container.wait());
        await rejects('ERR_NS_COMMAND_NOT_FOUND', container.start());
        await waiting;
        await rejects('ERR_NS_COMMAND_NOT_FOUND', container.wait());
        await rejects('ERR_NS_CONFLICT', container.start());
        assert.equal(container.streams, undefined);
      },
    },
    {
      name: 'in a root that does not exist: ERR_NS_NOT_FOUND',
      run: async (bench) => {
        await bench.fails('ERR_NS_NOT_FOUND', { root: { kind: 'directory', path: `${bench.scratch}/none` } });
      },
    },
    {
      name: 'in a root that is a file: ERR_NS_INVALID_ARGUMENT',
      run: async (bench) => {
        const path = join(bench.scratch, 'file');
        writeFileSync(path, '');
        await bench.fails('ERR_NS_INVALID_ARGUMENT', { root: { kind: 'directory', path } });
      },
    },
    {
      name: 'in an empty root: ERR_NS_COMMAND_NOT_FOUND',
      run: async (bench) => {
        const path = join(bench.scratch, 'empty');
        mkdirSync(path);
        await bench.fails('ERR_NS_COMMAND_NOT_FOUND', { root: { kind: 'directory', path } });
      },
    },
    {
      name: 'in a working directory that is a file says so',
      run: async (bench) => {
        const error = await bench.fails(undefined, { process: { cwd: '/etc/passwd' } });
        assert.ok(error.message.includes('/etc/passwd'), error.message);
      },
    },
  ],
};
