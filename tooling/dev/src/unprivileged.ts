import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hintOf } from '@ns/errors';
import { nativeDriver, type ContainerSpec } from '@ns/execdriver';

/** A container that a user without privilege may have: root inside is that user outside, and `/` is read-only. */
function specOf(uid: number, gid: number, script: string): ContainerSpec {
  return {
    id: 'first',
    hostname: 'first',
    root: { kind: 'directory', path: '/' },
    readonlyRoot: true,
    namespaces: { user: 'new' },
    uidMap: [{ inside: 0, outside: uid, length: 1 }],
    gidMap: [{ inside: 0, outside: gid, length: 1 }],
    process: { args: ['sh', '-c', script], env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
  };
}

/**
 * Run a shell script in a container, with the driver in this process and without privilege.
 *
 * @returns The script's exit code; 1 when the machine does not let users have namespaces, which is then said.
 */
export async function runUnprivileged(script: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ns-up-'));
  const driver = nativeDriver({ stateRoot: join(folder, 'state') });
  try {
    const spec = specOf(process.getuid?.() ?? 0, process.getgid?.() ?? 0, script);
    await using container = disposable(await driver.create(spec));
    await container.start();
    container.streams?.stdout?.pipe(process.stdout);
    container.streams?.stderr?.pipe(process.stderr);
    return (await container.wait()).code;
  } catch (error) {
    const hint = hintOf(error);
    process.stdout.write(
      `${error instanceof Error ? error.message : String(error)}\n${hint === undefined ? '' : `hint: ${hint}\n`}`,
    );
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const disposable = <T extends { destroy(): Promise<void> }>(container: T): T & AsyncDisposable =>
  Object.assign(container, { [Symbol.asyncDispose]: () => container.destroy() });
