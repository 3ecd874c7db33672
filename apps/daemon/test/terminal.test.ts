// needs: linux, root, busybox, docker-cli, overlayfs, tmux
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { RealDaemon } from './real-daemon.js';

let daemon: RealDaemon;
beforeAll(async () => {
  daemon = await RealDaemon.start();
  await daemon.importBusybox();
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** A tmux server of this test's own, and another one for each session: a server that ends is in the next one's way. */
let servers = 0;
const tmux = (...args: string[]): string =>
  execFileSync('tmux', ['-S', join(daemon.directory, `tmux${servers}`), '-f', '/dev/null', ...args], {
    encoding: 'utf8',
  });

function open(...docker: string[]): void {
  const config = join(daemon.directory, 'docker');
  const command = `DOCKER_CONFIG=${config} DOCKER_HOST=${daemon.host} docker ${docker.join(' ')}; echo "status $?"; sleep 600`;
  servers += 1;
  tmux('new-session', '-d', '-x', '91', '-y', '23', command);
}
const PATIENCE = { timeout: 20_000, interval: 20 };
const type = (...keys: string[]): string => tmux('send-keys', ...keys);
const screen = (): string => tmux('capture-pane', '-p');
const see = async (text: string | RegExp): Promise<void> => {
  const isThere = (): boolean => (typeof text === 'string' ? screen().includes(text) : text.test(screen()));
  await until('it is on the screen', isThere).catch(() => {
    throw new Error(`${text} is not on the screen:\n${screen()}`);
  });
};

describe('docker run -it', () => {
  afterEach(() => {
    tmux('kill-server');
  });

  it('has the size of the terminal from the first moment, and follows it', async () => {
    open('run', '-it', '--rm', '--network', 'none', 'busybox', 'sh', '-c', '"stty size; exec sh"');
    await see('23 91');
    tmux('resize-window', '-x', '70', '-y', '20');
    type('clear; stty size', 'Enter');
    await see('20 70');
    type('exit 5', 'Enter');
    await expect.poll(screen, PATIENCE).toContain('status 5');
  });

  it('passes Ctrl-C on to the program, and nothing else', async () => {
    open('run', '-it', '--rm', '--network', 'none', 'busybox', 'sh');
    await see('/ #');
    type('sleep 600', 'Enter');
    await see('sleep 600');
    type('C-c');
    type('echo still here', 'Enter');
    await see(/^still here$/m);
    type('exit 6', 'Enter');
    await expect.poll(screen, PATIENCE).toContain('status 6');
  });

  it('is detached from, attached to again, and entered', async () => {
    open('run', '-it', '--name', 'shell', '--network', 'none', 'busybox', 'sh');
    await see('/ #');
    type('C-p', 'C-q');
    await expect.poll(screen, PATIENCE).toContain('status 0');
    tmux('kill-server');
    expect((await daemon.docker('inspect', '-f', '{{.State.Running}}', 'shell')).stdout).toBe('true\n');
    open('exec', '-it', 'shell', 'sh', '-c', '"stty size; exit 3"');
    await see('23 91');
    await expect.poll(screen, PATIENCE).toContain('status 3');
    tmux('kill-server');
    open('attach', 'shell');
    await until('the client is attached', async () => {
      type('Enter');
      return screen().includes('/ #');
    });
    type('exit 4', 'Enter');
    await expect.poll(screen, PATIENCE).toContain('status 4');
    await daemon.docker('rm', 'shell');
  });
});
