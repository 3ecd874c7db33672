import { readFileSync } from 'node:fs';

let id: string | undefined;

/** A name of the time since the machine was started. See random(4), `/proc/sys/kernel/random/boot_id`. */
export function bootId(): string {
  id ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return id;
}
