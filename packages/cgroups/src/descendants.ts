import { readdirSync, statSync } from 'node:fs';

/**
 * The directories of groups below one, deepest first; empty when it is gone.
 *
 * @remarks
 * The kernel counts subdirectories in the links of a directory, which spares reading one of some hundred files.
 */
export function descendantDirectories(directory: string): string[] {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (stat === undefined || stat.nlink <= 2) return [];
  const children: string[] = [];
  for (const entry of entriesOf(directory)) {
    if (!entry.isDirectory()) continue;
    const child = `${directory}/${entry.name}`;
    children.push(...descendantDirectories(child), child);
  }
  return children;
}

function entriesOf(directory: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    // Removed meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
