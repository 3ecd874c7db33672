import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Whom to call. */
export interface Call {
  readonly protocol?: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly from?: string;
}

interface Answer {
  readonly id: number;
  readonly result: string;
}

/** A process in a network namespace of its own: a container, or another machine. */
export class Agent {
  readonly #child: ChildProcess;
  #id = 0;

  readonly #waiting = new Map<number, (result: string) => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', ({ id, result }: Answer) => {
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async start(): Promise<Agent> {
    const script = join(import.meta.dirname, 'traffic-agent.mjs');
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
    const child = spawn('unshare', ['-n', process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env,
    });
    await once(child, 'message');
    const agent = new Agent(child);
    agent.ip('link set lo up');
    return agent;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Runs ip(8) in the agent's namespace. */
  ip(words: string): void {
    this.run('ip', ...words.split(' '));
  }

  run(command: string, ...args: readonly string[]): void {
    execFileSync('nsenter', ['-t', String(this.pid), '-n', command, ...args]);
  }

  /** Answers `NAME ADDRESS-OF-CALLER` on a port, for good. */
  async serve(name: string, port: number, protocol: 'tcp' | 'udp' = 'tcp', address = '::'): Promise<void> {
    const result = await this.#ask('serve', { name, port, protocol, address });
    if (result !== 'listening') throw new Error(result);
  }

  /** The answer, an errno, or `timeout` after 700 ms. */
  call({ protocol = 'tcp', ...target }: Call): Promise<string> {
    return this.#ask('call', { protocol, timeoutMs: 700, ...target });
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }

  #ask(verb: string, args: object): Promise<string> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, verb, args });
    });
  }
}
