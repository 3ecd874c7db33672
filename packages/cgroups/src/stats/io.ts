import { readControlIfAny } from '../control-file.js';

/** What was read from and written to a block device, since the group was made. */
export interface IoDeviceStats {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly discardBytes: number;
  readonly discardOperations: number;
}

/** By device. Empty when nothing came to a device: the page cache is none. */
export type IoStats = readonly IoDeviceStats[];

type Counters = { -readonly [K in Exclude<keyof IoDeviceStats, 'major' | 'minor'>]: number };

const none = (): Counters => ({
  readBytes: 0,
  writeBytes: 0,
  readOperations: 0,
  writeOperations: 0,
  discardBytes: 0,
  discardOperations: 0,
});

/** Statistics of `io`, or `blkio` of version 1. */
export function ioStats(version: 1 | 2, directory: string): IoStats | undefined {
  if (version === 2) {
    const text = readControlIfAny(`${directory}/io.stat`);
    return text === undefined ? undefined : parseIoStat(text);
  }
  const bytes = readControlIfAny(`${directory}/blkio.throttle.io_service_bytes_recursive`);
  const operations = readControlIfAny(`${directory}/blkio.throttle.io_serviced_recursive`);
  return bytes === undefined ? undefined : parseBlkio(bytes, operations ?? '');
}

const KEYS: Readonly<Record<string, keyof Counters>> = {
  rbytes: 'readBytes',
  wbytes: 'writeBytes',
  rios: 'readOperations',
  wios: 'writeOperations',
  dbytes: 'discardBytes',
  dios: 'discardOperations',
};

/** `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`, a line for each device. */
export function parseIoStat(text: string): IoDeviceStats[] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...pairs] = line.split(' ');
    const [major, minor] = device.split(':').map(Number);
    // A device that is going away has a line without values.
    if (major === undefined || minor === undefined || pairs.length === 0) return [];
    const counters = none();
    for (const pair of pairs) {
      const [key = '', value] = pair.split('=');
      const name = KEYS[key];
      if (name !== undefined) counters[name] = Number(value);
    }
    return [{ major, minor, ...counters }];
  });
}

/** `8:0 Read 1`, a line for each device and kind. */
export function parseBlkio(bytes: string, operations: string): IoDeviceStats[] {
  const devices = new Map<string, Counters>();
  const add = (text: string, names: Readonly<Record<string, keyof Counters>>): void => {
    for (const line of text.split('\n')) {
      const [device = '', kind = '', value] = line.split(' ');
      const name = names[kind];
      if (name === undefined || !device.includes(':')) continue;
      const counters = devices.get(device) ?? none();
      counters[name] += Number(value);
      devices.set(device, counters);
    }
  };
  add(bytes, { Read: 'readBytes', Write: 'writeBytes', Discard: 'discardBytes' });
  add(operations, { Read: 'readOperations', Write: 'writeOperations', Discard: 'discardOperations' });
  return [...devices].map(([device, counters]) => {
    const [major = 0, minor = 0] = device.split(':').map(Number);
    return { major, minor, ...counters };
  });
}
