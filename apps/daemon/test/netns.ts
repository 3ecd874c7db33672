import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A network namespace that stands for a machine; gone with its holder. */
export class Netns implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async make(): Promise<Netns> {
    const script = 'ip link set lo up && echo ready && exec sleep 100000';
    const holder = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return new Netns(holder);
  }

  get pid(): number {
    return this.#holder.pid as number;
  }

  /** Run a command in it. @returns What it printed. @throws When it fails. */
  async run(...command: string[]): Promise<string> {
    const { stdout } = await run('nsenter', ['-t', String(this.pid), '--net', '--', ...command], {
      timeout: 20_000,
    });
    return stdout;
  }

  /** The same, as a shell script; its exit status is in the answer. */
  async sh(script: string): Promise<{ readonly code: number; readonly stdout: string }> {
    return await this.run('sh', '-c', script).then(
      (stdout) => ({ code: 0, stdout }),
      (error: { code?: number; stdout?: string }) => ({ code: error.code ?? -1, stdout: error.stdout ?? '' }),
    );
  }

  /** Connect it with another one, as two machines on one cable. */
  async cable(other: Netns, own: string, theirs: string): Promise<void> {
    await this.run(
      'ip',
      'link',
      'add',
      'wire0',
      'type',
      'veth',
      'peer',
      'name',
      'wire0',
      'netns',
      String(other.pid),
    );
    await this.run('ip', 'address', 'add', own, 'dev', 'wire0');
    await this.run('ip', 'link', 'set', 'wire0', 'up');
    await other.run('ip', 'address', 'add', theirs, 'dev', 'wire0');
    await other.run('ip', 'link', 'set', 'wire0', 'up');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await gone;
  }
}
