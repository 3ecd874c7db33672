import { existsSync } from 'node:fs';

import type { Requirement } from '@ns/testing';

import { findParser } from '../src/support.js';

/** Debian's package `apparmor`; of use only on a kernel that has AppArmor, so that nobody is asked to install it. */
export const PARSER: Requirement = {
  name: 'apparmor_parser',
  missing: () => (findParser() === undefined ? 'apparmor_parser is not installed' : undefined),
};

export const NO_APPARMOR: Requirement = {
  name: 'a kernel without AppArmor',
  missing: () => (existsSync('/proc/self/attr/apparmor/current') ? 'this kernel has AppArmor' : undefined),
};
