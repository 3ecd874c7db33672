import { hintOf, NsError } from '@ns/errors';
import type { DriverSettings, Probe } from '@ns/execdriver';

import { runTool } from './run-tool.js';
import { findRuntime, noRuntime } from './runtime.js';

/** Whether the runtime that the settings mean is there and answers. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  try {
    const runtime = findRuntime(settings);
    if (runtime === undefined) return unavailable(noRuntime());
    const { path, name } = runtime;
    const { status, stdout } = await runTool({ file: path, args: [name, '--version'], env: [] });
    const version = versionIn(stdout);
    if (status === 0 && version !== undefined) return { available: true, version };
    return {
      available: false,
      reason: `${path} does not say its version`,
      hint: 'set the path of an OCI runtime: runc, crun or runsc',
    };
  } catch (error) {
    return unavailable(error);
  }
}

/** The first line of what `--version` prints, which is `runc version 1.1.5`, without the word. Pure. */
export function versionIn(text: string): string | undefined {
  const [, name, version] = /^(\S+) version[: ]*(\S+)/.exec(text) ?? [];
  return name === undefined || version === undefined ? undefined : `${name} ${version}`;
}

function unavailable(error: unknown): Probe {
  const reason = NsError.is(error) ? error.message.replace(/^oci: /, '') : String(error);
  const hint = hintOf(error);
  return { available: false, reason, ...(hint === undefined ? {} : { hint }) };
}
