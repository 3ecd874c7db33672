// needs: root linux
/** What a cgroup costs: microseconds to create, to open for joining, to measure and to remove. */
import { createCgroup, detect, DOCKER_DEFAULT_DEVICES, type Cgroup } from '@ns/cgroups';

const ROUNDS = 200;
const layout = detect();
const base = `ns-bench-${process.pid}`;
const times = new Map<string, number[]>();

function timed<T>(name: string, run: () => T): T {
  const start = process.hrtime.bigint();
  const result = run();
  const us = Number(process.hrtime.bigint() - start) / 1000;
  times.set(name, [...(times.get(name) ?? []), us]);
  return result;
}

const resources = {
  memory: { limitBytes: 256 * 2 ** 20, memorySwapBytes: 512 * 2 ** 20 },
  cpu: { nanoCpus: 1e9 },
  pids: { limit: 100 },
};

for (let round = 0; round < ROUNDS; round++) {
  const create = (name: string, more: object): Cgroup =>
    timed(`create${name}`, () =>
      createCgroup({ parent: '/', name: `${base}/${round}`, layout, resources: more }),
    );
  for (const [name, more] of [
    ['', {}],
    [' with memory, cpu and pids limits', resources],
    [' with limits and devices', { ...resources, devices: DOCKER_DEFAULT_DEVICES }],
  ] as const) {
    const group = create(name, more);
    timed('open for joining', () => group.openForJoin()).close();
    timed('stats', () => group.stats());
    timed('oomKills', () => group.oomKills());
    const start = process.hrtime.bigint();
    await group.remove();
    times.set('remove', [...(times.get('remove') ?? []), Number(process.hrtime.bigint() - start) / 1000]);
  }
}
const last = createCgroup({ parent: '/', name: `${base}/last`, layout });
await last.remove();
for (const { mountPoint } of layout.hierarchies) (await import('node:fs')).rmdirSync(`${mountPoint}/${base}`);

console.log(`${layout.kind}, ${layout.hierarchies.length} hierarchies, ${ROUNDS} rounds; µs: median, 95 %`);
for (const [name, list] of times) {
  const sorted = list.toSorted((left, right) => left - right);
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(0);
  console.log(`${name.padEnd(40)}${at(0.5).padStart(7)}${at(0.95).padStart(7)}`);
}
