import { invalid } from './errors.js';
import { type AppArmorFeatures, mediates } from './features.js';
import { checkPlainName } from './name.js';

/** The name of the profile that containers get. */
export const DEFAULT_PROFILE = 'ns-default';

/** What {@link defaultProfile} is made for. */
export interface DefaultProfileOptions {
  /** Default: {@link DEFAULT_PROFILE}. A word. */
  readonly name?: string;
  /** The kernel's, from {@link detect}: rules that it would not understand are left out. */
  readonly features: AppArmorFeatures;
  /**
   * Profiles other than `unconfined` whose processes may send signals to the container: that of the engine, when it is
   * confined itself.
   */
  readonly signalPeers?: readonly string[];
}

/** Kinds of operation that are allowed as a whole; newer ones need a parser that knows them. */
const WHOLE = [
  { rule: 'network', feature: /^network/, parser: 2 },
  { rule: 'unix', feature: /^network(?:_v9)?\/af_unix/, parser: 2 },
  { rule: 'capability', feature: /^caps\//, parser: 2 },
  { rule: 'file', feature: /^file\//, parser: 2 },
  { rule: 'dbus', feature: /^dbus\//, parser: 2 },
  { rule: 'userns', feature: /^namespaces\/userns_create/, parser: 4 },
  { rule: 'io_uring', feature: /^io_uring\//, parser: 4 },
  { rule: 'mqueue', feature: /^ipc\/posix_mqueue/, parser: 4 },
] as const;

/**
 * The text of the profile that containers get by default: it protects what Docker's `docker-default` protects.
 *
 * @remarks
 * Everything that capabilities, seccomp and permissions allow is allowed, except:
 *
 * - writing below `/proc` except for processes, and `/proc/sys/kernel/shm*`; `/proc/sysrq-trigger` and `/proc/kcore`
 *   altogether
 * - writing below `/sys` outside of `/sys/fs/cgroup`; `/sys/firmware`, `/sys/kernel/security` and
 *   `/sys/devices/virtual/powercap` altogether
 * - mounting, and changing the root
 * - signals and ptrace to and from other profiles, but for signals from unconfined processes and `signalPeers`
 * - leaving the profile
 *
 * See apparmor.d(5).
 *
 * @param parserVersion - The major version of `apparmor_parser`. Kinds of rules that it does not know are left out; it
 * makes a policy then that does not mediate them.
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT` for a name that could mean something else in text.
 */
export function defaultProfile(options: DefaultProfileOptions, parserVersion = 3): string {
  const { name = DEFAULT_PROFILE, features, signalPeers = [] } = options;
  checkPlainName(name);
  const peers = ['unconfined', ...signalPeers.map(checkPeer)];
  const kinds = [...features.keys()];
  const whole = WHOLE.filter(
    ({ feature, parser }) => parser <= parserVersion && kinds.some((kind) => feature.test(kind)),
  );
  const rules = [
    ...whole.map(({ rule }) => rule),
    ...(mediates(features, 'mount') ? ['umount', 'deny mount'] : []),
    ...(mediates(features, 'signal')
      ? [
          ...[...new Set(peers)].map((peer) => `signal (receive) peer="${peer}"`),
          `signal (send, receive) peer="${name}"`,
        ]
      : []),
    ...(mediates(features, 'ptrace') ? [`ptrace (trace, read, tracedby, readby) peer="${name}"`] : []),
    ...FILES,
  ];
  return [
    '# The rules are read as this kernel has them, whatever the parser is set to.',
    'abi <kernel>,',
    '',
    // A container's files are in a mount namespace where the host's paths do not lead.
    `profile ${name} flags=(attach_disconnected,mediate_deleted) {`,
    ...rules.map((rule) => `  ${rule},`),
    '}',
    '',
  ].join('\n');
}

/**
 * A pattern of all paths that do not begin with a word: path rules have no "all but", so each letter is excluded in turn.
 * `allBut('ab')` is `{[^a]**,a,a[^b]**}`.
 */
function allBut(word: string): string {
  const alternatives = Array.from(word).flatMap((letter, index) => {
    const start = word.slice(0, index);
    return [...(index === 0 ? [] : [start]), `${start}[^${letter}]**`];
  });
  return `{${alternatives.join(',')}}`;
}

/** Docker's patterns leave holes (`/proc/bus`, `/proc/sys/kernel/sysrq`) that these have not. */
const FILES: readonly string[] = [
  'deny /proc/* w',
  // Neither a process nor sys: processes are numbers.
  'deny /proc/{[^1-9s]*,s,s[^y]*,sy,sy[^s]*,sys?*}/** w',
  `deny /proc/sys/${allBut('kernel/shm')} w`,
  'deny /proc/sysrq-trigger rwklx',
  'deny /proc/kcore rwklx',
  `deny /sys/${allBut('fs/cgroup')} wklx`,
  'deny /sys/firmware/** rwklx',
  'deny /sys/devices/virtual/powercap/** rwklx',
  'deny /sys/kernel/security/** rwklx',
];

function checkPeer(peer: string): string {
  if (/^[\w./:&+@-]+$/.test(peer)) return peer;
  throw invalid(
    `${JSON.stringify(peer.slice(0, 80))} cannot be a peer in a rule`,
    'give the name of a profile without quotes, space, or signs of a pattern',
  );
}
