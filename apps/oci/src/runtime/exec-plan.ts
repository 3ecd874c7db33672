import { join } from 'node:path';

import { NsError } from '@ns/errors';

import type { execFlags } from '../command-line/container-flags.js';
import type { Values } from '../command-line/flag.js';
import { noSelinux } from '../config/host.js';
import { parseJson } from '../config/json.js';
import { readJsonFile } from '../config/load.js';
import { planProcess, planProcessFile } from '../config/process.js';
import { checkConfig } from '../config/schema/config.js';
import { planSeccomp } from '../config/seccomp.js';
import type { ProcessPlan } from '../plan.js';
import { runningRecord } from './exec.js';
import { directoryOf, FILES } from './state.js';

/** What the command line of `exec` says. */
export interface ExecRequest {
  readonly root: string;
  readonly id: string;
  readonly command: readonly string[];
  readonly flags: Values<typeof execFlags>;
  readonly warn: (message: string) => void;
}

/**
 * The process that `exec` runs: that of a file, or the container's own with another command.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`, `ERR_NS_NOT_FOUND`, `ERR_NS_NOT_RUNNING`, `ERR_NS_UNSUPPORTED`
 * for an SELinux label
 */
export function planExec(request: ExecRequest): ProcessPlan {
  const plan = planned(request);
  if (plan.selinuxLabel !== undefined) throw noSelinux('--process-label');
  return plan;
}

function planned({ root, id, command, flags, warn }: ExecRequest): ProcessPlan {
  runningRecord(root, id, flags['ignore-paused']);
  const path = join(directoryOf(root, id), FILES.config);
  const config = checkConfig(parseJson('config.json', readJsonFile(path, 'config.json')));
  const surroundings = { seccomp: planSeccomp(config.linux?.seccomp), warn };
  if (flags.process !== undefined) {
    const file = parseJson(flags.process, readJsonFile(flags.process, 'process'));
    return planProcessFile(file, surroundings);
  }
  if (command.length === 0) {
    throw new NsError('ERR_NS_INVALID_ARGUMENT', {
      operation: 'exec',
      message: 'no command',
      hint: 'name the program to run, or a file with --process',
    });
  }
  const own = config.process ?? { args: [], cwd: '/' };
  const { uid, gid } = userOf(flags.user, own.user ?? {});
  const capabilities = withCapabilities(own.capabilities, flags.cap);
  return planProcess(
    {
      ...own,
      args: [...command],
      env: [...(own.env ?? []), ...flags.env],
      cwd: flags.cwd ?? own.cwd,
      terminal: flags.tty,
      user: {
        ...own.user,
        uid,
        gid,
        ...(flags['additional-gids'].length === 0
          ? {}
          : { additionalGids: flags['additional-gids'].map((text) => idOf(text, '--additional-gids')) }),
      },
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(flags['no-new-privs'] ? { noNewPrivileges: true } : {}),
      ...(flags.apparmor === undefined ? {} : { apparmorProfile: flags.apparmor }),
      ...(flags['process-label'] === undefined ? {} : { selinuxLabel: flags['process-label'] }),
    },
    surroundings,
  );
}

function idOf(text: string, flag: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) <= 0xffff_fffe) return Number(text);
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'exec',
    message: `${flag}: ${JSON.stringify(text)} is no id`,
    hint: 'give numbers: names are the engine’s to look up',
  });
}

function userOf(
  text: string | undefined,
  own: { readonly uid?: number | undefined; readonly gid?: number | undefined },
): { uid: number; gid: number } {
  if (text === undefined || text === '') return { uid: own.uid ?? 0, gid: own.gid ?? 0 };
  const [uid = '', gid] = text.split(':');
  return { uid: idOf(uid, '--user'), gid: gid === undefined ? 0 : idOf(gid, '--user') };
}

type Sets = NonNullable<NonNullable<ReturnType<typeof checkConfig>['process']>['capabilities']>;

/** As runc: what is added is in all sets but the ambient, and there when it is inheritable already. */
function withCapabilities(own: Sets | undefined, added: readonly string[]): Sets | undefined {
  if (added.length === 0) return own;
  const add = (names: readonly string[] = []): string[] => [...new Set([...names, ...added])];
  return {
    ...own,
    bounding: add(own?.bounding),
    effective: add(own?.effective),
    permitted: add(own?.permitted),
  };
}
