import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const POLL_MS = 25;

/** A terminal with a shell in it, in a tmux server of its own. */
export class Terminal {
  readonly #folder: string;

  /** @param env - What the shell has in its environment. */
  constructor(columns: number, rows: number, env: Readonly<Record<string, string | undefined>>) {
    this.#folder = mkdtempSync(join(tmpdir(), 'ns-tmux-'));
    const size = ['-x', String(columns), '-y', String(rows)];
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', ...size, "PS1='$ ' exec bash --norc --noprofile"], {
      ...env,
      TERM: 'xterm',
    });
    this.#tmux(['set-option', '-g', 'window-size', 'manual']);
  }

  /** The text that is on the screen, without trailing empty lines. */
  screen(): string {
    return this.#tmux(['capture-pane', '-p']).trimEnd();
  }

  /** Press keys, by tmux's names for them: `C-c`, `Enter`. */
  press(...keys: string[]): void {
    this.#tmux(['send-keys', ...keys]);
  }

  /** Type text and press Enter. */
  enter(line: string): void {
    this.#tmux(['send-keys', '-l', line]);
    this.press('Enter');
  }

  /** Resolves when the screen shows the text. */
  async shows(text: string | RegExp): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return;
      if (Date.now() > deadline) throw new Error(`the screen never showed ${String(text)}:\n${screen}`);
      await sleep(POLL_MS);
    }
  }

  resize(columns: number, rows: number): void {
    this.#tmux(['resize-window', '-x', String(columns), '-y', String(rows)]);
  }

  /**
   * The settings of the terminal, as `stty -g` has them. A program's last words are on the screen before the shell
   * below has put its own settings back: poll for them.
   */
  settings(): string {
    const tty = this.#tmux(['display-message', '-p', '#{pane_tty}']).trim();
    return execFileSync('stty', ['-g', '-F', tty], { encoding: 'utf8' }).trim();
  }

  /** End the server and everything in it. */
  close(): void {
    this.#tmux(['kill-server']);
    rmSync(this.#folder, { recursive: true });
  }

  #tmux(args: readonly string[], env: Readonly<Record<string, string | undefined>> = process.env): string {
    return execFileSync('tmux', ['-S', join(this.#folder, 'tmux'), ...args], { encoding: 'utf8', env });
  }
}
