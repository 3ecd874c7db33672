/**
 * `./dev bench`: measure beside others. This process makes the place, runs itself inside it, and cleans up.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { whatIsMissing } from '@ns/testing';

import { parseOptions, USAGE } from './options.ts';

const CGROUPS = '/sys/fs/cgroup';

/** Remove a tree of cgroups, leaves first. There are no processes in it any more. */
function removeCgroups(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(join(path, entry.name));
  }
  rmdirSync(path);
}

/** The cgroups of a name, at any depth of any hierarchy: some runtimes make theirs below their own. */
function cgroupsNamed(name: string, folder: string = CGROUPS): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.name === name ? [path] : cgroupsNamed(name, path);
    });
}

/** Run the measuring process in its sandbox, to its end. */
function inSandbox(env: Record<string, string>): Promise<number> {
  const sandbox = fileURLToPath(new URL('sandbox.sh', import.meta.url));
  const inside = fileURLToPath(new URL('inside.ts', import.meta.url));
  const { NODE_EXTRA_CA_CERTS: _, ...own } = process.env;
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--propagation',
      'private',
      '--',
    ].concat(['bash', sandbox, process.execPath, '--expose-gc', inside], process.argv.slice(2)),
    { stdio: 'inherit', env: { ...own, ...env } },
  );
  // Ctrl-C ends the sandbox; this process stays to clean up.
  process.on('SIGINT', () => child.kill('SIGTERM'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  if (parseOptions(process.argv.slice(2)) === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const missing = whatIsMissing(['linux', 'root', 'unshare', 'busybox']);
  if (missing.length > 0) {
    process.stderr.write(`bench: cannot run here: ${missing.map(({ reason }) => reason).join(', ')}\n`);
    return 1;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'ns-bench-'));
  const cgroup = `ns-bench-${process.pid}`;
  try {
    return await inSandbox({ NS_BENCH_CGROUP: cgroup, TMPDIR: scratch });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    for (const path of cgroupsNamed(cgroup)) removeCgroups(path);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
