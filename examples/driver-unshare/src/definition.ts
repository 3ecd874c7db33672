import type { DriverOptions } from '@ns/execdriver';
import { innerDirectory, innerStarted, writeInner, type CommandDriver } from '@ns/execdriver/kit';

import { info } from './info.js';

/** Where the container finds the first program of its own. */
const INNER = '/.ns';

/** The driver, as far as it differs from others. */
export const define = ({ settings }: DriverOptions): CommandDriver => ({
  info,

  prepare(spec, place) {
    const inner = writeInner(spec.process, place, { at: INNER, diesWithParent: true });
    const mounts = spec.mounts ?? [];
    return {
      file: settings?.['path'] ?? '/usr/bin/unshare',
      args: ['unshare', '--uts', '--ipc', `--root=${place.root}`, inner.path],
      env: [],
      root: spec.root,
      mounts: [...mounts, { type: 'bind', source: innerDirectory(place), target: INNER, readonly: true }],
      readonlyRoot: spec.readonlyRoot ?? false,
      life: 'stays',
    };
  },

  async started(_spec, place, command) {
    await innerStarted(place, command);
    return { pid: command.pid };
  },
});
