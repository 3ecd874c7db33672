import { setTimeout as sleep } from 'node:timers/promises';

import { which } from '@ns/testing';

import type { Engine } from './engine.ts';
import { interleave, type MissingSubject, type Row, type Subject } from './measure.ts';
import { ancestors, pidsOf, weigh, type Weight } from './memory.ts';
import type { Kind } from './supervisors.ts';

/** Start `count` containers of a kind, weigh what supervises each, and end them. */
export async function weighSupervisors(kind: Kind, count: number, tag: number): Promise<Row> {
  const absent = kind.programs.find((program) => which(program) === undefined);
  if (absent !== undefined) return { name: kind.name, samples: [], missing: `${absent} is not installed` };
  // The argument tells these apart from any other sleep on the machine.
  const argv = ['/bin/sleep', String(100_000 + tag)];
  const ids = Array.from({ length: count }, (_, index) => `m${tag}-${index}`);
  const started: string[] = [];
  try {
    await using _ = await kind.prepare?.();
    try {
      for (const id of ids) {
        await kind.start(id, argv);
        started.push(id);
      }
      const pids = await payloads(argv, count);
      // Start-up leaves pages behind that are given back soon.
      await sleep(500);
      return { name: kind.name, samples: pids.map((pid) => pss(ancestors(pid, kind.processes))) };
    } finally {
      await kind.stop(started);
    }
  } catch (error) {
    return { name: kind.name, samples: [], missing: error instanceof Error ? error.message : String(error) };
  }
}

async function payloads(argv: readonly string[], count: number): Promise<number[]> {
  let pids: number[] = [];
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    pids = pidsOf(argv);
    if (pids.length === count) return pids;
  }
  throw new Error(`of ${count} containers ${pids.length} run`);
}

const pss = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + (weigh(pid)?.pss ?? 0), 0);

/** What the daemon weighs: idle, and per sample again. */
export function daemonRows(engine: Engine | string): Promise<Row[]> {
  const names = { pss: 'ns-daemon, PSS', rss: 'ns-daemon, RSS' } as const;
  const subject = (which_: keyof Weight): Subject | MissingSubject =>
    typeof engine === 'string'
      ? { name: names[which_], missing: engine }
      : { name: names[which_], run: () => weigh(engine.daemon.process.pid ?? 0)?.[which_] ?? Number.NaN };
  return interleave([subject('pss'), subject('rss')], { rounds: 5, warmups: 0 });
}
