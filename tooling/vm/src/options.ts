import { existsSync, realpathSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { Job } from './run.ts';

export const USAGE = `usage: ./dev vm [OPTIONS] -- COMMAND [ARGUMENT...]
       ./dev vm [OPTIONS] test [PACKAGE...] [-- VITEST-ARGUMENT...]

Runs a command, or the integration tests of packages, as root under Debian's own kernel in an emulated machine. Its root
file system is this machine's: what it writes there is gone afterwards, and /tmp and /var/tmp start empty.
The exit status is the command's; 124 when it took too long, 125 when the virtual machine failed.

  --cgroup 1|2        the version of cgroups (2)
  --no-apparmor       start the kernel without AppArmor
  --share DIR         let it write to this directory of the machine (repeatable)
  --env NAME[=VALUE]  set a variable, or hand one over (repeatable); PATH and CI come along
  --cpus N            (2)
  --memory MIB        (3072)
  --timeout SECONDS   (600)
  --kernel PACKAGE    another Debian package, like linux-image-6.1.0-56-amd64
  --append TEXT       more arguments for the kernel
  --kvm               no emulation, where the machine lets its guests have KVM
  --console           show the kernel's console on standard error
`;

/** What a person asked for. */
export interface Request {
  readonly isHelp: boolean;
  /** Packages to test, and more arguments for vitest; undefined when a command is to be run. */
  readonly tests?: { readonly packages: readonly string[]; readonly arguments: readonly string[] };
  readonly command: readonly string[];
  readonly job: Omit<Job, 'command'>;
}

const OPTIONS = {
  help: { type: 'boolean', short: 'h' },
  cgroup: { type: 'string', default: '2' },
  'no-apparmor': { type: 'boolean' },
  share: { type: 'string', multiple: true, default: [] as string[] },
  env: { type: 'string', multiple: true, default: [] as string[] },
  cpus: { type: 'string', default: '2' },
  memory: { type: 'string', default: '3072' },
  timeout: { type: 'string', default: '600' },
  kernel: { type: 'string' },
  append: { type: 'string', default: '' },
  kvm: { type: 'boolean' },
  console: { type: 'boolean' },
} as const;

/**
 * Read the arguments of `./dev vm`.
 *
 * @throws `Error` that says which argument is wrong, and how.
 */
export function parseRequest(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): Request {
  const split = argv.indexOf('--');
  const before = split === -1 ? argv : argv.slice(0, split);
  const after = split === -1 ? [] : argv.slice(split + 1);
  const { values, positionals } = parseArgs({ args: [...before], options: OPTIONS, allowPositionals: true });
  const [word, ...packages] = positionals;
  if (word !== undefined && word !== 'test') throw new Error(`vm: ${word}: a command comes after --`);
  const isHelp = values.help ?? false;
  if (!isHelp && word === undefined && after.length === 0) throw new Error('vm: there is no command');
  return {
    isHelp,
    ...(word === undefined ? {} : { tests: { packages, arguments: after } }),
    command: after,
    job: {
      cgroup: cgroupVersion(values.cgroup),
      isAppArmorOn: !values['no-apparmor'],
      shares: values.share.map(directory),
      environment: variables(values.env, environment),
      cpus: positive('--cpus', values.cpus),
      memoryMiB: positive('--memory', values.memory),
      timeoutSeconds: positive('--timeout', values.timeout),
      ...(values.kernel === undefined ? {} : { kernelPackage: kernelPackage(values.kernel) }),
      kernelArguments: values.append,
      accelerator: values.kvm ? 'kvm' : 'tcg',
      ...(values.console ? { console: process.stderr } : {}),
    },
  };
}

function cgroupVersion(text: string): 1 | 2 {
  if (text === '1') return 1;
  if (text === '2') return 2;
  throw new Error(`vm: --cgroup ${text}: is neither 1 nor 2`);
}

function positive(option: string, text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new Error(`vm: ${option} ${text}: is not a whole number from 1`);
}

function directory(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new Error(`vm: --share ${path}: is not a directory`);
  return realpathSync(path);
}

/** A name becomes a folder below .tools, so that it has to be one. */
function kernelPackage(name: string): string {
  if (/^linux-image-[a-z0-9.+-]+$/.test(name)) return name;
  throw new Error(`vm: --kernel ${name}: is not the name of a Debian kernel package`);
}

function variables(given: readonly string[], environment: NodeJS.ProcessEnv): Record<string, string> {
  const all: Record<string, string> = {};
  for (const text of ['CI', ...given]) {
    const [, name = '', value] = /^([A-Za-z_]\w*)(?:=([^]*))?$/.exec(text) ?? [];
    if (name === '') throw new Error(`vm: --env ${text}: is not NAME or NAME=VALUE`);
    const set = value ?? environment[name];
    if (set !== undefined) all[name] = set;
  }
  return all;
}
