import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  nativeModule,
  type Abilities,
  type Container,
  type ContainerSpec,
  type DriverModule,
  type DriverSettings,
  type ExecDriver,
  type NamespaceKind,
} from '@ns/execdriver';
import { which } from '@ns/testing';

import { interleave, since, type MissingSubject, type Row, type Rounds, type Subject } from './measure.ts';
import { descendants, isCommand, weigh } from './memory.ts';
import { CGROUP, STATE } from './place.ts';

/** A driver, by the package that has it. */
interface Candidate {
  readonly name: string;
  readonly load: () => Promise<{ readonly driver: DriverModule }>;
  readonly settings?: () => DriverSettings;
  /** Its containers are machines, which take seconds to start: so many times are enough. */
  readonly mostRounds?: number;
}

const runtime = (program: string): Candidate => ({
  name: `oci, ${program}`,
  load: () => import('@ns/driver-oci'),
  settings: () => ({ path: which(program) ?? `/usr/bin/${program}` }),
});

const CANDIDATES: readonly Candidate[] = [
  { name: 'native', load: async () => ({ driver: nativeModule }) },
  { name: 'chroot', load: () => import('@ns/driver-chroot') },
  { name: 'lxc', load: () => import('@ns/driver-lxc') },
  { name: 'systemd-nspawn', load: () => import('@ns/driver-nspawn') },
  { name: 'libvirt-lxc', load: () => import('@ns/driver-libvirt-lxc') },
  runtime('crun'),
  runtime('runc'),
  runtime('runsc'),
  { name: 'qemu', load: () => import('@ns/driver-qemu'), mostRounds: 5 },
  { name: 'uml', load: () => import('@ns/driver-uml'), mostRounds: 5 },
];

const KINDS: readonly NamespaceKind[] = ['mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup'];

/** One that can be used here. */
class UsableDriver {
  readonly #driver: ExecDriver;
  readonly #name: string;
  readonly #rootfs: string;
  #count = 0;

  /** @param name - Good for the name of a directory. */
  constructor(name: string, driver: ExecDriver, rootfs: string) {
    this.#name = name;
    this.#driver = driver;
    this.#rootfs = rootfs;
  }

  /** A container with the defaults, as far as the driver goes; without a seccomp filter. */
  async running(args: readonly string[]): Promise<Container> {
    this.#count += 1;
    const { abilities } = this.#driver.info;
    const spec: ContainerSpec = {
      id: `d${this.#count}`,
      root: { kind: 'directory', path: this.#rootfs },
      namespaces: without(abilities),
      ...(abilities.hostname ? { hostname: 'bench' } : {}),
      ...(abilities.resources ? { cgroup: `/${CGROUP}/${this.#name}-${this.#count}` } : {}),
      process: {
        args,
        env: ['PATH=/bin', 'HOME=/root'],
        stdio: ['null', 'null', 'null'],
        seccomp: 'unconfined',
      },
    };
    const container = await this.#driver.create(spec);
    try {
      await container.start();
      return container;
    } catch (error) {
      await container.destroy();
      throw error;
    }
  }

  /** From the first call to the last trace gone. */
  async startToExit(): Promise<number> {
    const start = process.hrtime.bigint();
    const container = await this.running(['/bin/true']);
    const { code } = await container.wait();
    await container.destroy();
    const took = since(start);
    if (code !== 0) throw new Error(`/bin/true ended with ${code}`);
    return took;
  }
}

const without = ({ namespaces }: Abilities): Partial<Record<NamespaceKind, 'host'>> =>
  Object.fromEntries(KINDS.filter((kind) => !namespaces.includes(kind)).map((kind) => [kind, 'host']));

/** @returns The reason when it cannot. */
async function usable(candidate: Candidate, rootfs: string): Promise<UsableDriver | string> {
  try {
    const { driver } = await candidate.load();
    const settings = candidate.settings?.() ?? {};
    const { available, reason = 'it does not say why', hint } = await driver.probe(settings);
    if (!available) return hint === undefined ? reason : `${reason}: ${hint}`;
    const name = candidate.name.replaceAll(/\W+/g, '-');
    return new UsableDriver(name, driver.create({ stateRoot: join(STATE, name), settings }), rootfs);
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

/** The drivers that were chosen, each with what it needs to be measured. */
export interface DriverGroup {
  /** From the call to the known end of `/bin/true`, and nothing left of it, by each. */
  readonly start: (options: Rounds) => Promise<Row[]>;
  /** PSS of all that runs for one container beside its own program, while that sleeps. */
  readonly memory: (count: number) => Promise<Row[]>;
}

/** Look which drivers this machine has. */
export async function driverGroup(
  rootfs: string,
  chosen: (subject: { readonly name: string }) => boolean,
): Promise<DriverGroup> {
  const found = await Promise.all(
    CANDIDATES.filter(chosen).map(async (candidate) => ({
      ...candidate,
      driver: await usable(candidate, rootfs),
    })),
  );
  const subject = ({ name, driver }: (typeof found)[number]): Subject | MissingSubject =>
    typeof driver === 'string' ? { name, missing: driver } : { name, run: () => driver.startToExit() };
  return {
    async start({ rounds, warmups }) {
      const rows: Row[] = [];
      for (const most of new Set(found.map(({ mostRounds }) => mostRounds))) {
        const alike = found.filter(({ mostRounds }) => mostRounds === most).map(subject);
        const fewer =
          most === undefined ? { rounds, warmups } : { rounds: Math.min(rounds, most), warmups: 1 };
        rows.push(...(await interleave(alike, fewer)));
      }
      return rows;
    },
    async memory(count) {
      const rows: Row[] = [];
      for (const [index, { name, driver, mostRounds = count }] of found.entries()) {
        rows.push(
          typeof driver === 'string'
            ? { name, missing: driver, samples: [] }
            : await weighDriver(name, driver, Math.min(count, mostRounds), index),
        );
      }
      return rows;
    },
  };
}

/** Start-up leaves pages behind that are given back soon. */
const SETTLE_MS = 500;

async function weighDriver(name: string, driver: UsableDriver, count: number, tag: number): Promise<Row> {
  const samples: number[] = [];
  const containers: Container[] = [];
  const argv = ['/bin/sleep', String(200_000 + tag)];
  try {
    const processes: number[][] = [];
    for (let number = 0; number < count; number++) {
      const before = new Set(descendants(process.pid));
      containers.push(await driver.running(argv));
      processes.push(descendants(process.pid).filter((pid) => !before.has(pid)));
    }
    await sleep(SETTLE_MS);
    for (const pids of processes) {
      const others = pids.filter((pid) => !isCommand(pid, argv));
      samples.push(others.reduce((sum, pid) => sum + (weigh(pid)?.pss ?? 0), 0));
    }
    return { name, samples };
  } catch (error) {
    return { name, samples: [], missing: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const container of containers) await container.destroy();
  }
}
