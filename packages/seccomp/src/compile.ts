import { BPF, SECCOMP_RET } from '@ns/syscall';

import { abisOf, isKnownSyscall, X32_BIT, type AbiFacts } from './abi.js';
import { Assembler, type Target } from './assembler.js';
import type { Width } from './condition.js';
import { emitDecision } from './decision.js';
import { invalid } from './errors.js';
import { multiplexed } from './multiplexed.js';
import { outcomes, type Outcome } from './outcomes.js';
import type { ArchitectureName, Flag, SeccompProfile } from './profile.js';
import { emitRanges, mergeRanges, type Range } from './range-tree.js';
import type { Architecture } from './tables/index.js';
import { checkProfile } from './validate.js';

/** A compiled profile. */
export interface Filter {
  readonly architecture: Architecture;
  /** An array of `struct sock_filter`, eight bytes each, for seccomp(2). */
  readonly program: Uint8Array;
  /** How many instructions that is; the kernel takes 4096. */
  readonly length: number;
  /** The profile's flags, for {@link loadSteps}. */
  readonly flags: readonly Flag[];
  /** Whether a rule has `SCMP_ACT_NOTIFY`: the filter needs a listener. */
  readonly hasListener: boolean;
  /** Names that are no system call of any ABI that this package knows. As with runc, their rules do nothing. */
  readonly unknownNames: readonly string[];
  /** Architectures of the profile whose programs this machine cannot run. */
  readonly otherArchitectures: readonly ArchitectureName[];
}

/** Offsets in `struct seccomp_data`. */
const NUMBER = 0;
const AUDIT_ARCHITECTURE = 4;
/** What a tracer sets to skip a call. */
const NO_CALL = 0xffff_ffff;

/**
 * Compile a profile to BPF.
 *
 * @remarks
 * - A call of an architecture that the profile does not list kills the process.
 * - A number that this package has no name for, or that is newer than every call that the profile names, answers
 *   ENOSYS, so that programs fall back to older calls; unless the profile's default action is to allow, log or trace.
 * - Rules combine as they do with runc and libseccomp, see the README.
 *
 * See seccomp(2); the program is checked by the kernel as bpf(4) describes.
 *
 * @param architecture - The machine the filter will run on.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a profile that is malformed, and for one that needs more than
 * 4096 instructions.
 */
export function compileFilter(profile: SeccompProfile, architecture: Architecture): Filter {
  checkProfile(profile);
  const { abis, others } = abisOf(architecture, profile.architectures ?? []);
  const assembler = new Assembler();
  let dispatch: Target = { value: SECCOMP_RET.SECCOMP_RET_KILL_PROCESS };
  // Written backwards: the machine's own architecture comes last here, and is the first that is asked for.
  for (const audit of [...new Set(abis.map((facts) => facts.audit))].toReversed()) {
    const own = abis.filter((facts) => facts.audit === audit);
    const entry = emitAbis(assembler, profile, own);
    dispatch = assembler.compare('JEQ', audit, entry, dispatch);
  }
  assembler.load(AUDIT_ARCHITECTURE);
  if (assembler.length > BPF.BPF_MAXINSNS) {
    throw invalid(
      `the profile needs ${assembler.length} BPF instructions, and the kernel takes ${BPF.BPF_MAXINSNS}`,
      'test fewer arguments, or list fewer architectures',
    );
  }
  const rules = profile.syscalls ?? [];
  return {
    architecture,
    program: assembler.finish(),
    length: assembler.length,
    flags: profile.flags ?? [],
    hasListener: rules.some(({ action }) => action === 'SCMP_ACT_NOTIFY'),
    unknownNames: unknownNames(rules.flatMap(({ names }) => names)),
    otherArchitectures: others,
  };
}

const unknownNames = (names: readonly string[]): string[] =>
  [...new Set(names)].filter((name) => !isKnownSyscall(name) && multiplexed(name) === undefined);

/** An outcome with the width in which its conditions compare. */
interface Leaf {
  readonly outcome: Outcome;
  readonly width: Width;
}

/** Puts in front the search for the numbers of one or, on x86-64, two ABIs that share an audit architecture. */
function emitAbis(assembler: Assembler, profile: SeccompProfile, abis: readonly AbiFacts[]): Target {
  const leaves = new Map<Outcome, Leaf>();
  const targets = new Map<Leaf, Target>();
  const ranges: Range<Leaf>[] = [];
  const add = (start: number, outcome: Outcome, width: Width, weight = 1): void => {
    let leaf = leaves.get(outcome);
    if (leaf === undefined) leaves.set(outcome, (leaf = { outcome, width }));
    ranges.push({ start, outcome: leaf, weight });
  };
  for (const facts of abis) {
    for (const { start, outcome, weight } of outcomes(profile, facts)) {
      add(start + facts.bit, outcome, facts.width, weight);
    }
  }
  if (abis[0]?.abi === 'x86_64') {
    const unknown = ranges.findLast(({ start }) => start < X32_BIT)!.outcome;
    if (abis.length === 1) add(X32_BIT, SECCOMP_RET.SECCOMP_RET_KILL_PROCESS, 64);
    // Not x32, though it has the bit: a call that a tracer has replaced by none.
    add(NO_CALL, unknown.outcome, 64);
  }
  const tree = emitRanges(assembler, mergeRanges(ranges), (leaf) => {
    if (typeof leaf.outcome === 'number') return { value: leaf.outcome };
    let target = targets.get(leaf);
    if (target === undefined) targets.set(leaf, (target = emitDecision(assembler, leaf.outcome, leaf.width)));
    return target;
  });
  assembler.fallInto(tree);
  return assembler.load(NUMBER);
}
