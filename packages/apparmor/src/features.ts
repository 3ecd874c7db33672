import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the kernel's AppArmor can do: the files of its `features` folder, by path: `signal/mask` is `hup int quit …`.
 *
 * @remarks
 * See apparmorfs of the kernel, `/sys/kernel/security/apparmor/features`.
 */
export type AppArmorFeatures = ReadonlyMap<string, string>;

/** Deeper than any kernel's: a link that leads back must not keep us. */
const DEEPEST = 8;

/**
 * Read a features folder.
 *
 * @throws an error of Node's `fs` when there is none.
 */
export function readFeatures(folder: string): AppArmorFeatures {
  const features = new Map<string, string>();
  const read = (path: string, depth: number): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() && depth < DEEPEST) read(inner, depth + 1);
      else if (entry.isFile()) features.set(inner, readFileSync(join(folder, inner), 'utf8').trim());
    }
  };
  read('', 0);
  return features;
}

/**
 * True when the kernel mediates a class of operations: `signal`, `ptrace`, `mount`, `network_v8`, `dbus`…
 *
 * @remarks
 * What it does not mediate is allowed whatever a profile says.
 */
export const mediates = (features: AppArmorFeatures, kind: string): boolean =>
  [...features.keys()].some((path) => path === kind || path.startsWith(`${kind}/`));
