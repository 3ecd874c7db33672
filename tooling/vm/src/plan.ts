import { quote } from './quote.ts';

/** Where and how a command runs under the second kernel. */
export interface Plan {
  readonly command: readonly [string, ...string[]];
  /** The working directory. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The machine's directories that both kernels write to; all others take changes that go with the virtual machine. */
  readonly shares: readonly string[];
  /** Directories of the machine that must not vanish below an empty `/tmp`: the repository, the working directory. */
  readonly keep: readonly string[];
  /** The version of cgroups: 2 alone, or 1 with a hierarchy for each controller. */
  readonly cgroup: 1 | 2;
  /** Where the kernel's modules are on the machine. */
  readonly modules: string;
}

/** Directories that start empty. */
const SCRATCH = ['/tmp', '/var/tmp'];

/** The name under which the emulator offers a shared directory. */
export const shareTag = (index: number): string => `share${index}`;

/** The plan as `guest/init` reads it: a shell script of its words. */
export function planScript(plan: Plan): string {
  const covered = outermost(plan.keep.filter((path) => SCRATCH.some((scratch) => isBelow(path, scratch))));
  const words: string[][] = [
    ['machine'],
    ...covered.map((path) => ['keep', path]),
    ...SCRATCH.map((path) => ['empty', path]),
    ...covered.map((path) => ['restore', path]),
    ...plan.shares.map((path, index) => ['share', shareTag(index), path]),
    ['modules', plan.modules],
    ['cgroups', String(plan.cgroup)],
    ['job', jobScript(plan)],
  ];
  return words.map((line) => `${line.map(quote).join(' ')}\n`).join('');
}

/** The script that becomes the command. */
function jobScript({ command, directory, environment }: Plan): string {
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  return `${variables.join('')}cd ${quote(directory)} || exit 125\nexec ${command.map(quote).join(' ')}`;
}

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** Without those that are in another one. */
const outermost = (paths: readonly string[]): string[] =>
  [...new Set(paths)].filter((path) => !paths.some((other) => isBelow(path, other)));
