import type { Command } from '../command-line/command.js';

/** A command, and where it is: loaded when it is called. */
export interface Entry {
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

/** The commands by their names. */
export const commands: Readonly<Record<string, Entry>> = {
  create: { summary: 'create a container', load: () => import('./create.js') },
  delete: { summary: 'remove what a container leaves', load: () => import('./delete.js') },
  events: { summary: 'show what a container uses', load: () => import('./events.js') },
  exec: { summary: 'run another program in a container', load: () => import('./exec.js') },
  features: { summary: 'show what this runtime can do', load: () => import('./features.js') },
  kill: { summary: 'send a signal to a container', load: () => import('./kill.js') },
  list: { summary: 'list containers', load: () => import('./list.js') },
  pause: { summary: 'stop all processes where they are', load: () => import('./pause.js') },
  ps: { summary: 'show the processes of a container', load: () => import('./ps.js') },
  resume: { summary: 'let a paused container run on', load: () => import('./resume.js') },
  run: { summary: 'create and start a container', load: () => import('./run.js') },
  spec: { summary: 'write a new config.json', load: () => import('./spec.js') },
  start: { summary: 'run the program of a created container', load: () => import('./start.js') },
  state: { summary: 'show the state of a container', load: () => import('./state.js') },
  update: { summary: 'change the limits of a container', load: () => import('./update.js') },
};
