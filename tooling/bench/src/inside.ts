/** The measuring itself, in the sandbox that main.ts made. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { dirname, resolve } from 'node:path';

import { systemNode } from '@ns/dev/private-daemon';

import { Commands } from './command.ts';
import { compileSubjects } from './compile.ts';
import { startEngine, type Engine } from './engine.ts';
import { driverGroup } from './drivers.ts';
import { clientSubjects, confinedGroup, execGroup, startSubjects, type Place } from './latency.ts';
import { interleave, type MissingSubject, type Row, type Subject } from './measure.ts';
import { Native } from './native.ts';
import { parseOptions, type Options } from './options.ts';
import { archive, makeRootfs, SCRATCH } from './place.ts';
import { portSubjects } from './ports.ts';
import { figures, table, type Group } from './report.ts';
import { kinds } from './supervisors.ts';
import { daemonRows, weighSupervisors } from './weighing.ts';

const load = (): string => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(' ');
const groups: Group[] = [];

function report(group: Group): void {
  if (group.rows.length === 0) return;
  groups.push(group);
  process.stdout.write(`\n${table(group)}\n`);
}

async function measure(place: Place, options: Options): Promise<void> {
  const chosen = (group: string) => (subject: { readonly name: string }) =>
    options.filter.test(`${group}/${subject.name}`);
  const latency = async (
    name: string,
    subjects: readonly (Subject | MissingSubject)[],
    rest: Omit<Group, 'rows'>,
  ) => report({ ...rest, rows: await interleave(subjects.filter(chosen(name)), options) });

  await latency('start', startSubjects(place), {
    title: 'start: from the call to the known end of /bin/true in a busybox root, nothing left of it',
    unit: 'ms',
    references: ['crun run', 'runc run'],
    note: 'namespaces, mounts, capabilities, masked paths and a cgroup for all; no seccomp filter',
  });
  {
    await using confined = await confinedGroup(place, archive(place.rootfs), chosen('confined'));
    await latency('confined', confined.subjects, {
      title:
        'confined: the same with limits of memory, processor and processes, and Docker’s seccomp profile',
      unit: 'ms',
      references: ['crun run', 'docker run --rm, dockerd, runc'],
      note: 'the runtimes make no network, the native driver with and without one; the engines make one on a bridge with a published port',
    });
  }
  const drivers = await driverGroup(place.rootfs, chosen('drivers'));
  report({
    title:
      'drivers: from the call to the known end of /bin/true, nothing left of it, by each execution driver',
    unit: 'ms',
    references: ['native'],
    note: 'in this process; what a driver does not isolate is done without; no seccomp filter',
    rows: await drivers.start(options),
  });
  report({
    title: 'drivers: PSS of all that runs for one container beside its own program, which sleeps',
    unit: 'KiB',
    references: ['native'],
    note: 'of qemu and uml that is the machine',
    rows: await drivers.memory(Math.min(options.containers, 10)),
  });
  {
    await using exec = await execGroup(place, chosen('exec'));
    await latency('exec', exec.subjects, {
      title: 'exec: /bin/true in a container that runs',
      unit: 'ms',
      references: ['crun exec', 'runc exec'],
    });
  }
  await latency('clients', clientSubjects(place), {
    title: 'clients: from the call to the end',
    unit: 'ms',
    references: ['docker ps', 'node -e 0'],
    note: `ns on Node ${execFileSync(systemNode(), ['--version'], { encoding: 'utf8' }).trim()}`,
  });
  await latency('ports', portSubjects(), {
    title: 'ports: publishing one more, where there is none and where there are 999',
    unit: 'ms',
    references: ['publishPorts, the first port'],
    note: 'publishPorts is @ns/netfw in this process; iptables is what dockerd runs for each',
  });
  // Of no use to anybody else's noise: many quick rounds, after enough for the compiler of JavaScript to settle.
  const quick = { rounds: Math.max(options.rounds, 200), warmups: 100 };
  report({
    title:
      'compile: the program that starts a container, from the value to the ELF image, in a process that has done so before',
    unit: 'ms',
    references: [],
    rows: await interleave(compileSubjects(place.native).filter(chosen('compile')), quick),
  });
  report({
    title: 'daemon: what ns-daemon weighs after all that',
    unit: 'KiB',
    references: [],
    rows: (await daemonRows(place.engine)).filter(chosen('daemon')),
  });
  await weighing(place, options, chosen('memory'));
}

async function weighing(
  place: Place,
  options: Options,
  chosen: (subject: { readonly name: string }) => boolean,
): Promise<void> {
  const rows: Row[] = [];
  for (const [index, kind] of kinds(place).filter(chosen).entries()) {
    rows.push(await weighSupervisors(kind, options.containers, index + 1));
  }
  report({
    title: `memory: PSS of what supervises one container, ${options.containers} of each running sleep`,
    unit: 'KiB',
    references: ['containerd-shim-runc-v2', 'conmon'],
    rows,
  });
}

const options = parseOptions(process.argv.slice(2));
if (options !== 'help') {
  const machine = {
    kernel: release(),
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    loadBefore: load(),
  };
  process.stdout.write(
    `Linux ${machine.kernel}, ${machine.cpus} × ${machine.cpu}; load ${machine.loadBefore}; ${options.rounds} rounds, interleaved\n`,
  );
  const rootfs = makeRootfs();
  // The daemon is not there for those who want other figures only.
  const engine: Engine | string = await startEngine(archive(rootfs)).catch(
    (error: unknown) => (error instanceof Error ? error.message : String(error)).split(';')[0] ?? '',
  );
  try {
    await measure({ rootfs, engine, commands: new Commands(SCRATCH), native: new Native(rootfs) }, options);
  } finally {
    if (typeof engine !== 'string') await engine[Symbol.asyncDispose]();
  }
  const json = resolve(options.json);
  mkdirSync(dirname(json), { recursive: true });
  const result = {
    machine: { ...machine, loadAfter: load() },
    groups: groups.map((group) => ({ title: group.title, unit: group.unit, rows: figures(group) })),
  };
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`\nload after: ${result.machine.loadAfter}; the figures are in ${options.json}\n`);
}
