import { call, CAPABILITY, PR, PR_CAP_AMBIENT, struct, type Step } from '@ns/syscall';

/**
 * Steps that take everything outside `bounding` away from the process and its children for good.
 *
 * @remarks
 * Needs `CAP_SETPCAP`, so it comes before {@link setCapabilities}. See prctl(2), `PR_CAPBSET_DROP`.
 *
 * @param highest - The number of the kernel's last capability, `/proc/sys/kernel/cap_last_cap`: those that this
 * package does not know are dropped too.
 */
export function limitBounding(bounding: bigint, highest: number): Step[] {
  const steps: Step[] = [];
  for (let number = 0; number <= highest; number++) {
    if ((bounding >> BigInt(number)) & 1n) continue;
    steps.push(
      call('prctl', [PR.PR_CAPBSET_DROP, number, 0, 0, 0], {
        what: `drop capability ${number} from the bounding set`,
      }),
    );
  }
  return steps;
}

/**
 * Steps that set the permitted, effective and inheritable sets, and empty the ambient set.
 *
 * @remarks
 * The inheritable set is empty: it has no use in a container, and a full one gave files' capabilities away
 * (CVE-2022-24769). See capset(2).
 */
export function setCapabilities(permitted: bigint): Step[] {
  const header = struct([
    ['version', 4, CAPABILITY._LINUX_CAPABILITY_VERSION_3, '3'],
    ['pid', 4, 0],
  ]);
  const low = Number(permitted & 0xffff_ffffn);
  const high = Number(permitted >> 32n);
  const data = struct([
    ['effective', 4, low, hex(permitted)],
    ['permitted', 4, low, hex(permitted)],
    ['inheritable', 4, 0],
    ['', 4, high],
    ['', 4, high],
    ['', 4, 0],
  ]);
  return [
    call('capset', [header, data], {
      what: 'set the capabilities',
      hints: { EPERM: 'a capability was asked for that this process does not have itself' },
    }),
    call('prctl', [PR.PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0], {
      what: 'empty the ambient capabilities',
    }),
  ];
}

const hex = (mask: bigint): string => `0x${mask.toString(16)}`;
