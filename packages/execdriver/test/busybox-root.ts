import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { which } from '@ns/testing';

/** A root file system of one static program, removed with `using`. */
export class BusyboxRoot implements Disposable {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ns-busybox-'));
    chmodSync(this.path, 0o755);
    for (const name of ['bin', 'etc', 'root', 'tmp']) mkdirSync(join(this.path, name));
    const busybox = join(this.path, 'bin/busybox');
    copyFileSync(which('busybox')!, busybox);
    execFileSync(busybox, ['--install', join(this.path, 'bin')]);
    writeFileSync(
      join(this.path, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/tmp:/bin/sh\n',
    );
    writeFileSync(join(this.path, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
