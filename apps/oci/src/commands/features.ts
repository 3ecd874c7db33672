import { CAPABILITIES } from '@ns/caps';
import { ACTIONS, ARCHITECTURES, FLAGS, OPERATORS } from '@ns/seccomp';

import { defineCommand, type Command } from '../command-line/command.js';
import { HOOK_NAMES } from '../config/hooks.js';
import { knownMountOptions } from '../config/mount-options.js';
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES, NAMESPACE_TYPES } from '../config/schema/linux.js';
import { SPEC_VERSION, VERSION } from '../version.js';

/** The document of features.md: what this runtime knows, whatever the machine can do. */
export const featuresDocument = (): object => ({
  ociVersionMin: '1.0.0',
  ociVersionMax: SPEC_VERSION,
  hooks: HOOK_NAMES,
  mountOptions: knownMountOptions(),
  linux: {
    namespaces: [...NAMESPACE_TYPES].toSorted(),
    capabilities: CAPABILITIES.map((name) => `CAP_${name}`),
    cgroup: { v1: true, v2: true, systemd: true, systemdUser: false, rdma: false },
    seccomp: {
      enabled: true,
      actions: [...ACTIONS].toSorted(),
      operators: [...OPERATORS].toSorted(),
      archs: [...ARCHITECTURES].toSorted(),
      knownFlags: FLAGS,
      supportedFlags: FLAGS,
    },
    apparmor: { enabled: true },
    selinux: { enabled: false },
    intelRdt: { enabled: false, schemata: false, monitoring: false },
    memoryPolicy: { modes: [...MEMORY_POLICY_MODES].toSorted(), flags: [...MEMORY_POLICY_FLAGS].toSorted() },
    mountExtensions: { idmap: { enabled: true } },
    netDevices: { enabled: true },
  },
  annotations: { 'org.ns.ns-oci.version': VERSION },
  potentiallyUnsafeConfigAnnotations: ['org.systemd.property.'],
});

/** `ns-oci features`. */
export const command: Command = defineCommand({
  summary: 'Show what this runtime can do, as the JSON of features.md.',
  usage: '',
  flags: {},
  args: [0, 0],
  run({ print }) {
    print(`${JSON.stringify(featuresDocument(), null, 4)}\n`);
    return Promise.resolve(0);
  },
});
