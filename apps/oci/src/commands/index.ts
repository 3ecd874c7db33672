import type { Command } from '../command-line/command.js';

/** A command, and where it is: loaded when it is called. */
export interface Entry {
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** The commands by their names. */
export const commands: Readonly<Record<string, Entry>> = {
  features: { summary: 'show what this runtime can do', load: () => import('./features.js') },
  spec: { summary: 'write a new config.json', load: () => import('./spec.js') },
};
