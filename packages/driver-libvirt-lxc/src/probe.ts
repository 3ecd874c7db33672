import { existsSync } from 'node:fs';

import type { DriverSettings, Probe } from '@ns/execdriver';

import { findConnection } from './connection.js';
import { INSTALL, VIRSH } from './install.js';
import { reachOf, type Reach } from './settings.js';
import { virsh } from './virsh.js';

const TIME_LIMIT_MS = 1500;

/** Whether libvirt can make containers here. Makes nothing, and does not reject. */
export async function probe(settings: DriverSettings = {}): Promise<Probe> {
  if (process.platform !== 'linux') return no(`this is ${process.platform}, not Linux`, 'run it on Linux');
  let reach: Reach;
  try {
    reach = reachOf(settings);
  } catch (error) {
    return no((error as Error).message, 'see the README of @ns/driver-libvirt-lxc for its settings');
  }
  if (!existsSync(VIRSH)) return no(`${VIRSH} is not installed`, INSTALL);
  if (process.geteuid?.() !== 0) return no('libvirt’s LXC driver needs the rights of root', 'run as root');
  const connection = await findConnection(reach);
  if ('reason' in connection) return no(connection.reason, connection.hint);
  if (!existsSync('/dev/fuse')) return no('libvirt needs /dev/fuse, which is not there', 'modprobe fuse');
  const asked = virsh(['--version'], TIME_LIMIT_MS);
  if (connection.own === undefined) {
    const { ended, error } = await virsh(['--connect', connection.uri, 'uri'], TIME_LIMIT_MS);
    if (ended === 'badly') {
      return no(`libvirtd has no LXC driver that works: ${error}`, `${INSTALL}, and restart libvirtd`);
    }
  }
  const { ended, out } = await asked;
  if (ended === 'badly') return no(`${VIRSH} does not tell its version`, INSTALL);
  // It is there; that the machine is slow says nothing about it.
  return { available: true, ...(ended === 'well' ? { version: `libvirt ${out}` } : {}) };
}

const no = (reason: string, hint: string): Probe => ({ available: false, reason, hint });
