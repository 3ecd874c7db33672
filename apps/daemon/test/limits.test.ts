// needs: linux, root, busybox, docker-cli, overlayfs
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { openCgroup } from '@ns/cgroups';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { until } from './harness.js';
import { RealDaemon } from './real-daemon.js';

let daemon: RealDaemon;
beforeAll(async () => {
  daemon = await RealDaemon.start();
  await daemon.importBusybox();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const MIB = 2 ** 20;
const run: RealDaemon['docker'] = (...args) => daemon.docker('run', '--network', 'none', ...args);
const out = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await daemon.docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
};
const NAME = 'limited';
/** A container in the background. @returns Its control group. */
async function begin(options: readonly string[], script: string): Promise<ReturnType<typeof openCgroup>> {
  const id = await out(
    'run',
    '-d',
    '--name',
    NAME,
    '--network',
    'none',
    ...options,
    'busybox',
    'sh',
    '-c',
    script,
  );
  return openCgroup(`${daemon.cgroupParent}/${id}`);
}
afterEach(async () => {
  await daemon.docker('rm', '-f', NAME);
  const left = daemon.cgroups();
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
});

describe('docker run', () => {
  it('-m limits memory, and swap to as much again', async () => {
    const group = await begin(['-m', '64m', '--memory-reservation', '32m'], 'sleep 60');
    expect(group.stats().memory?.limitBytes).toBe(64 * MIB);
    expect(await out('inspect', '-f', '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}', NAME)).toBe(
      `${64 * MIB} ${128 * MIB}`,
    );
  });

  it('ends a program that uses too much with 137, and says why', async () => {
    const options = ['-m', '16m', '--memory-swap', '16m'];
    expect((await run('--name', NAME, ...options, 'busybox', 'busybox', 'tail', '/dev/zero')).code).toBe(137);
    expect(await out('inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', NAME)).toBe('true 137');
    const seen: string[] = [];
    const end = String(Date.now() / 1000 + 0.1);
    for await (const event of daemon.client.events({
      since: '1',
      until: end,
      filters: { container: [NAME] },
    })) {
      seen.push(event.Action);
    }
    expect(seen).toContain('oom');
    expect((await run('--rm', '-m', '16m', 'busybox', 'false')).code).toBe(1);
  });

  it('tells when memory runs out, while the container goes on', async () => {
    const since = String(Date.now() / 1000);
    await begin(['-m', '16m', '--memory-swap', '16m'], 'busybox tail /dev/zero; sleep 60');
    const events = daemon.client.events({ since, filters: { container: [NAME] } });
    const seen: string[] = [];
    for await (const { Action } of events) {
      seen.push(Action);
      if (Action === 'oom') break;
    }
    expect(seen).not.toContain('die');
    expect(await out('inspect', '-f', '{{.State.Status}}', NAME)).toBe('running');
    await out('kill', NAME);
    const all: string[] = [];
    const options = { since, until: String(Date.now() / 1000 + 0.1), filters: { container: [NAME] } };
    for await (const { Action } of daemon.client.events(options)) {
      all.push(Action);
    }
    // Not once more at the end.
    expect(all.slice(all.indexOf('oom') + 1)).not.toContain('oom');
    expect(all).toContain('die');
  });

  it('--pids-limit stops a fork bomb', async () => {
    const group = await begin(['--pids-limit', '12'], 'bomb() { bomb | bomb & }; bomb; sleep 60');
    await until('it has hit the limit', () => (group.stats().pids?.current ?? 0) > 1);
    await sleep(300);
    expect(group.stats().pids).toMatchObject({ limit: 12 });
    expect(group.processes().length).toBeLessThanOrEqual(12);
    await out('rm', '-f', NAME);
    expect(group.exists).toBe(false);
  });

  it('--cpus limits processor time', async () => {
    const group = await begin(['--cpus', '0.2', '--cpu-shares', '512'], 'while :; do :; done');
    const before = group.stats().cpu?.usageUs ?? 0;
    const beganMs = performance.now();
    await sleep(1000);
    const used = (group.stats().cpu?.usageUs ?? 0) - before;
    const share = used / (performance.now() - beganMs) / 1000;
    expect(share).toBeLessThan(0.3);
    expect(group.stats().cpu?.throttledPeriods).toBeGreaterThan(0);
  });

  it('--cpuset-cpus chooses processors', async () => {
    const { stdout } = await run(
      '--rm',
      '--cpuset-cpus',
      '0',
      'busybox',
      'sh',
      '-c',
      'grep Cpus_allowed_list /proc/self/status',
    );
    expect(stdout).toBe('Cpus_allowed_list:\t0\n');
  });

  it('--device gives a node of the host, and no other', async () => {
    const script = `dd if=/dev/mine count=0 && echo read; dd of=/dev/mine count=0 conv=notrunc || echo not written;
      mknod /dev/other c 10 237; dd if=/dev/other count=0 || echo not other`;
    const { stdout } = await run(
      '--rm',
      '--device',
      '/dev/loop-control:/dev/mine:r',
      'busybox',
      'sh',
      '-c',
      script,
    );
    // Loop-control is 10:237 itself: a node that the container made is read as the one that it got.
    expect(stdout.trim().split('\n')).toEqual(['read', 'not written']);
    const none = 'mknod /dev/other c 10 237; dd if=/dev/other count=0 || echo not other';
    expect((await run('--rm', 'busybox', 'sh', '-c', none)).stdout).toBe('not other\n');
    const rule = ['--device-cgroup-rule', 'c 10:237 rmw'];
    expect((await run('--rm', ...rule, 'busybox', 'sh', '-c', none)).stdout).toBe('');
  });

  it('--privileged gives all devices', async () => {
    const { stdout, code } = await run(
      '--rm',
      '--privileged',
      'busybox',
      'sh',
      '-c',
      'dd if=/dev/loop-control count=0; echo $?',
    );
    expect([stdout, code]).toEqual(['0\n', 0]);
  });

  it.each([
    [['-m', '1m'], 'Minimum memory limit allowed is 6MB'],
    [['--cpus', '1000'], 'CPUs available'],
    [['--cpuset-cpus', '999'], 'Requested CPUs are not available'],
    [['--device', '/dev/nope'], 'error gathering device information'],
    [['--device-read-bps', '/dev/null:1mb'], 'is not a block device'],
    [['--cgroup-parent', 'my.slice'], 'is a slice of systemd'],
    [['-m', '8m', '--memory-reservation', '9m'], 'can not be less than memory reservation limit'],
  ])('%j is refused', async (options, message) => {
    const { code, stderr } = await run('--rm', ...options, 'busybox', 'true');
    expect(stderr).toContain(message);
    // The client takes "no such file" for the program's.
    expect(code).toBe(stderr.includes('no such file') ? 127 : 125);
    expect(await out('ps', '-aq')).toBe('');
  });

  it('leaves no control group of a container that does not start', async () => {
    expect((await run('--rm', 'busybox', 'no-such-program')).code).toBe(127);
    expect((await run('--rm', '-u', 'nobody', 'busybox', 'true')).code).toBe(125);
    expect(daemon.cgroups()).toEqual([]);
  });
});

describe('docker update', () => {
  it('changes limits of a running container, and keeps them', async () => {
    const group = await begin(['-m', '64m'], 'sleep 60');
    await out('update', '-m', '32m', '--memory-swap', '48m', '--pids-limit', '20', '--cpus', '0.5', NAME);
    expect(group.stats().memory?.limitBytes).toBe(32 * MIB);
    expect(group.stats().pids?.limit).toBe(20);
    await out('update', '--restart', 'no', NAME);
    await out('restart', '-t', '0', NAME);
    expect(group.stats().memory?.limitBytes).toBe(32 * MIB);
    const conflict = await daemon.docker('update', '--cpu-period', '5000', NAME);
    expect(conflict.stderr).toContain('CPU Period cannot be updated as NanoCPUs has already been set');
  });
});

describe('docker pause', () => {
  it('stands still, outlives the daemon, and goes on', async () => {
    const group = await begin([], 'while :; do :; done');
    await out('pause', NAME);
    expect(group.isFrozen).toBe(true);
    const used = group.stats().cpu?.usageUs;
    await sleep(200);
    expect(group.stats().cpu?.usageUs).toBe(used);
    expect(await out('ps', '--format', '{{.Status}}')).toMatch(/\(Paused\)$/);
    expect((await daemon.docker('exec', NAME, 'true')).stderr).toContain(
      'is paused, unpause the container before exec',
    );
    await daemon.end('SIGKILL');
    await daemon.start();
    expect(await out('inspect', '-f', '{{.State.Status}}', NAME)).toBe('paused');
    await out('unpause', NAME);
    expect(group.isFrozen).toBe(false);
    await out('exec', NAME, 'true');
    await out('pause', NAME);
    await out('stop', '-t', '1', NAME);
    expect(await out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', NAME)).toBe('exited 137');
  }, 60_000);

  it('ends when the container is killed', async () => {
    await begin([], 'sleep 60');
    await out('pause', NAME);
    await out('kill', NAME);
    expect(await out('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', NAME)).toBe('exited 137');
    await out('start', NAME);
    await out('pause', NAME);
    await out('rm', '-f', NAME);
  });
});

describe('docker stats', () => {
  it('tells what a container uses', async () => {
    await begin(['-m', '64m', '--cpus', '0.3', '--pids-limit', '7'], 'while :; do :; done');
    const line = await out(
      'stats',
      '--no-stream',
      '--format',
      '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}',
      NAME,
    );
    const [name, cpu = '', used, slash, limit, pids] = line.split(' ');
    expect([name, slash, limit, pids]).toEqual([NAME, '/', '64MiB', '1']);
    expect(Number.parseFloat(cpu)).toBeGreaterThan(5);
    expect(Number.parseFloat(cpu)).toBeLessThan(60);
    expect(used).toMatch(/^[\d.]+[KM]iB$/);
    const { value } = await daemon.client.containerStats(NAME, { stream: false, 'one-shot': true }).next();
    expect(value).toMatchObject({ pids_stats: { current: 1, limit: 7 }, networks: {} });
  });
});

describe('docker top', () => {
  it('shows every process of the control group', async () => {
    await begin([], 'sleep 61 & sleep 62 & wait');
    await until('they run', async () => (await out('top', NAME, '-o', 'pid,args')).split('\n').length === 4);
    expect(await out('top', NAME, '-o', 'args')).toContain('sleep 62');
  });
});

describe('docker info', () => {
  it('tells what can be limited', () => {
    const version = readFileSync('/proc/self/cgroup', 'utf8').startsWith('0::') ? '2' : '1';
    return expect(daemon.client.info()).resolves.toMatchObject({
      MemoryLimit: true,
      CpuCfsQuota: true,
      CPUShares: true,
      PidsLimit: true,
      CgroupDriver: 'cgroupfs',
      CgroupVersion: version,
    });
  });
});
