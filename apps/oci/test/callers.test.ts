// needs: linux, root, busybox, ip, unshare, overlayfs
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { call, type Decoded, type Message } from './cri.js';
import { until, type Outcome } from './harness.js';
import { writeImage } from './image.js';
import { Stage } from './stage.js';

const stage = new Stage();
beforeAll(async () => {
  await stage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

/** Zero and less are groups: this one, for the text of a number that is missing. */
function kill(pid: string): void {
  expect(pid).toMatch(/^[1-9]\d+$/);
  process.kill(Number(pid), 'SIGKILL');
}

function must({ code, stderr }: Outcome): void {
  if (code !== 0) throw new Error(`status ${code}: ${stderr}`);
}

/** What containerd knows the root file system of the stage as. */
const IMAGE = 'localhost/busybox:1';

const LOOP = 'trap "exit 0" TERM; echo up; while :; do sleep 0.2; done';

describe('podman', needs('podman'), () => {
  const directory = join(stage.directory, 'podman');
  const options = [
    `--root ${directory}/storage --runroot /run/containers/storage --tmpdir /run/libpod`,
    `--cgroup-manager cgroupfs --events-backend file --runtime ${stage.runtime.path}`,
  ];
  const podman = (...words: string[]): Outcome => told('', ...words);
  const told = (input: string, ...words: string[]): Outcome =>
    stage.run(['podman', ...options.join(' ').split(' '), ...words], {
      env: { CONTAINERS_CONF: join(directory, 'containers.conf') },
      input,
    });

  beforeAll(() => {
    mkdirSync(directory);
    writeFileSync(join(directory, 'containers.conf'), '[network]\nnetwork_backend = "netavark"\n');
    const tar = join(directory, 'image.tar');
    must(stage.run(['tar', '-C', stage.rootfs, '-cf', tar, '.']));
    must(podman('import', tar, 'busybox'));
  });

  test('runs a container, with limits and mounts, and learns its status', () => {
    const flags = [
      '--net',
      'none',
      '--memory',
      '64m',
      '--tmpfs',
      '/etc/more',
      '--user',
      '5',
      '--cap-add',
      'NET_ADMIN',
    ];
    const script =
      'id -u; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; grep CapEff /proc/self/status; exit 5';
    const outcome = podman('run', '--rm', ...flags, 'busybox', 'sh', '-c', script);
    expect(outcome.code).toBe(5);
    expect(outcome.stdout).toContain('5\n67108864\n');
    expect(outcome.stdout).toContain('CapEff:\t0000000000001000\n');
  });

  test('exits with 127 for a command that is not there', () => {
    const outcome = podman('run', '--rm', '--net', 'none', 'busybox', 'nosuch');
    expect(outcome).toMatchObject({
      code: 127,
      stderr: expect.stringContaining('executable file not found in $PATH'),
    });
  });

  test('attach: it hears what is typed', () => {
    const script = 'read -r line; echo "got $line"; exit 3';
    const words = ['run', '-di', '--name', 'talk', '--net', 'none', 'busybox', 'sh', '-c', script];
    expect(podman(...words)).toMatchObject({ code: 0 });
    // At times podman ends with an empty line of its own.
    expect(told('words\n', 'attach', 'talk').stdout.trimEnd()).toBe('got words');
    expect(podman('wait', 'talk').stdout).toBe('3\n');
    expect(podman('rm', 'talk').code).toBe(0);
  });

  test('exec, logs, stats, update, pause, stop', async () => {
    expect(podman('run', '-d', '--name', 'web', '--net', 'none', 'busybox', 'sh', '-c', LOOP)).toMatchObject({
      code: 0,
    });
    expect(podman('exec', 'web', 'sh', '-c', 'cat /proc/1/comm; exit 4')).toMatchObject({
      code: 4,
      stdout: 'sh\n',
    });
    await until(() => podman('logs', 'web').stdout === 'up\n', 'the log');
    expect(podman('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'web').stdout).toMatch(
      /^web [12]\n$/,
    );
    expect(podman('update', '--memory', '100m', '--memory-swap', '200m', 'web')).toMatchObject({ code: 0 });
    const files = '/sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max';
    expect(podman('exec', 'web', 'sh', '-c', `cat ${files} 2> /dev/null`).stdout).toBe(`${100 * 2 ** 20}\n`);
    expect(podman('pause', 'web').code).toBe(0);
    expect(podman('inspect', '-f', '{{.State.Status}}', 'web').stdout).toBe('paused\n');
    expect(podman('unpause', 'web').code).toBe(0);
    expect(podman('stop', '-t', '20', 'web').code).toBe(0);
    expect(podman('inspect', '-f', '{{.State.ExitCode}}', 'web').stdout).toBe('0\n');
    expect(podman('rm', 'web').code).toBe(0);
  });

  test('a pod shares namespaces by their paths', () => {
    const infra = ['--infra-image', 'busybox', '--infra-command', 'sleep 1000', '--net', 'none'];
    expect(podman('pod', 'create', '--name', 'pod', ...infra)).toMatchObject({ code: 0 });
    const outcome = podman('run', '--rm', '--pod', 'pod', 'busybox', 'hostname');
    expect(outcome).toMatchObject({ code: 0, stdout: 'pod\n' });
    expect(podman('pod', 'rm', '-f', '-t', '0', 'pod').code).toBe(0);
  });

  test('conmon is killed: the container goes on, and can be removed', () => {
    podman('run', '-d', '--name', 'orphan', '--net', 'none', 'busybox', 'sleep', '1000');
    const conmon = podman('inspect', '-f', '{{.State.ConmonPid}}', 'orphan').stdout.trim();
    kill(conmon);
    expect(podman('exec', 'orphan', 'true').code).toBe(0);
    expect(podman('rm', '-f', '-t', '0', 'orphan').code).toBe(0);
  });
});

describe('docker', needs('dockerd'), () => {
  const directory = join(stage.directory, 'docker');
  const docker = (...words: string[]): Outcome =>
    stage.run(['/usr/bin/docker', '-H', 'unix:///run/d.sock', ...words]);

  beforeAll(async () => {
    const options = [
      `--data-root ${directory} --exec-root /run/docker --pidfile /run/dockerd.pid -H unix:///run/d.sock`,
      `--add-runtime ns-oci=${stage.runtime.path} --default-runtime ns-oci --log-level error`,
    ];
    stage.daemon(['dockerd', ...options.join(' ').split(' ')]);
    await until(() => docker('version').code === 0, 'dockerd', 60_000);
    const tar = join(stage.directory, 'docker.tar');
    must(stage.run(['tar', '-C', stage.rootfs, '-cf', tar, '.']));
    must(docker('import', tar, 'busybox'));
  });

  test('runs a container on its bridge, and learns its status', () => {
    const outcome = docker('run', '--rm', 'busybox', 'sh', '-c', 'ip -o addr show dev eth0; exit 5');
    expect(outcome).toMatchObject({ code: 5, stdout: expect.stringContaining('inet 172.') });
  });

  test('exits with 127 and 126 for commands that cannot be run', () => {
    expect(docker('run', '--rm', '--net', 'none', 'busybox', 'nosuch').code).toBe(127);
    expect(docker('run', '--rm', '--net', 'none', 'busybox', '/etc').code).toBe(126);
  });

  test('exec, logs, stats, update, pause, stop, start', async () => {
    expect(docker('run', '-d', '--name', 'web', '--net', 'none', 'busybox', 'sh', '-c', LOOP).code).toBe(0);
    expect(docker('exec', 'web', 'sh', '-c', 'cat /proc/1/comm; exit 4')).toMatchObject({
      code: 4,
      stdout: 'sh\n',
    });
    await until(() => docker('logs', 'web').stdout === 'up\n', 'the log');
    expect(docker('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'web').stdout).toMatch(
      /^web [12]\n$/,
    );
    expect(docker('update', '--memory', '100m', '--memory-swap', '200m', 'web').code).toBe(0);
    expect(docker('pause', 'web').code).toBe(0);
    expect(docker('unpause', 'web').code).toBe(0);
    expect(docker('stop', '-t', '20', 'web').code).toBe(0);
    expect(docker('inspect', '-f', '{{.State.ExitCode}}', 'web').stdout).toBe('0\n');
    expect(docker('start', 'web').code).toBe(0);
    expect(docker('rm', '-f', 'web').code).toBe(0);
  });

  test('its shim is killed: the container is ended, and can be removed', async () => {
    docker('run', '-d', '--name', 'orphan', '--net', 'none', 'busybox', 'sleep', '1000');
    const pid = docker('inspect', '-f', '{{.State.Pid}}', 'orphan').stdout.trim();
    const shim = stage.run(['sh', '-c', `cut -d' ' -f4 /proc/${pid}/stat`]).stdout.trim();
    kill(shim);
    await until(
      () => docker('inspect', '-f', '{{.State.Running}}', 'orphan').stdout === 'false\n',
      'its end',
    );
    expect(docker('rm', '-f', 'orphan').code).toBe(0);
  });

  test('learns that memory ran out', () => {
    const script = 'x=aaaaaaaa; while :; do x=$x$x; done';
    expect(
      docker('run', '--name', 'oom', '--memory', '10m', '--net', 'none', 'busybox', 'sh', '-c', script).code,
    ).toBe(137);
    expect(docker('inspect', '-f', '{{.State.OOMKilled}}', 'oom').stdout).toBe('true\n');
  });
});

describe('containerd', needs('containerd'), () => {
  const socket = '/run/c.sock';
  const ctr = (...words: string[]): Outcome => stage.run(['ctr', '-a', socket, ...words]);

  beforeAll(async () => {
    const config = join(stage.directory, 'containerd.toml');
    writeFileSync(
      config,
      [
        'version = 2',
        `root = "${stage.directory}/containerd"`,
        'state = "/run/c"',
        '[plugins."io.containerd.grpc.v1.cri"]',
        `sandbox_image = "${IMAGE}"`,
        '[plugins."io.containerd.grpc.v1.cri".containerd]',
        'default_runtime_name = "ns-oci"',
        '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ns-oci]',
        'runtime_type = "io.containerd.runc.v2"',
        '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ns-oci.options]',
        `BinaryName = "${stage.runtime.path}"`,
        '[grpc]',
        `address = "${socket}"`,
        '',
      ].join('\n'),
    );
    stage.daemon(['containerd', '-c', config, '-l', 'error']);
    await until(() => ctr('version').code === 0, 'containerd', 60_000);
  });

  test('runs a container, and learns its status', () => {
    const words = ['run', '--rm', '--runc-binary', stage.runtime.path, '--rootfs', stage.rootfs, 'one'];
    expect(ctr(...words, 'sh', '-c', 'echo hi; exit 3')).toMatchObject({ code: 3, stdout: 'hi\n' });
  });

  test('exec, pause, metrics, kill', () => {
    const words = ['run', '-d', '--runc-binary', stage.runtime.path, '--rootfs', stage.rootfs, 'two'];
    expect(ctr(...words, 'sleep', '1000').code).toBe(0);
    expect(ctr('tasks', 'exec', '--exec-id', 'e', 'two', 'sh', '-c', 'echo in; exit 4')).toMatchObject({
      code: 4,
      stdout: 'in\n',
    });
    expect(ctr('tasks', 'pause', 'two').code).toBe(0);
    expect(ctr('tasks', 'ls').stdout).toMatch(/^two +\d+ +PAUSED/m);
    expect(ctr('tasks', 'resume', 'two').code).toBe(0);
    expect(ctr('tasks', 'metrics', 'two').stdout).toContain('memory');
    expect(ctr('tasks', 'kill', '-s', 'SIGKILL', 'two').code).toBe(0);
    expect(ctr('tasks', 'rm', '-f', 'two').code).toBeLessThan(2);
    expect(ctr('containers', 'rm', 'two').code).toBe(0);
  });
  test('a pod, as Kubernetes makes it', async () => {
    const archive = writeImage(stage.directory, stage.rootfs, IMAGE);
    must(ctr('-n', 'k8s.io', 'images', 'import', archive));
    // The stage's mounts hide it from us; a socket is found by its path nevertheless.
    const cri = (method: string, request: Message): Promise<Decoded> =>
      call(`/proc/${stage.pid}/root${socket}`, method, request);
    // Of RunPodSandboxRequest and the others in k8s.io/cri-api, runtime/v1. NODE is 2.
    const hostNetwork: Message = { 1: 2, 2: 1 };
    const sandboxConfig: Message = {
      1: { 1: 'pod', 2: 'uid', 3: 'default' },
      3: stage.directory,
      8: { 1: '/pods', 2: { 1: hostNetwork } },
    };
    const sandbox = (await cri('RunPodSandbox', { 1: sandboxConfig })).text(1);
    const script = 'trap "exit 6" TERM; echo up; while :; do sleep 0.1; done';
    const config: Message = {
      1: { 1: 'web' },
      2: { 1: IMAGE },
      3: ['sh', '-c', script],
      11: 'web.log',
      15: { 1: { 4: 64 * 2 ** 20 }, 2: { 3: hostNetwork } },
    };
    const created = await cri('CreateContainer', { 1: sandbox, 2: config, 3: sandboxConfig });
    const id = created.text(1);
    await cri('StartContainer', { 1: id });
    const log = join(stage.directory, 'web.log');
    await until(() => readFileSync(log, 'utf8').includes('stdout F up\n'), 'the log');

    const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2> /dev/null';
    const ran = await cri('ExecSync', { 1: id, 2: ['sh', '-c', `${limit}; echo wrong >&2; exit 4`], 3: 20 });
    expect([ran.text(1), ran.text(2), ran.number(3)]).toEqual([`${64 * 2 ** 20}\n`, 'wrong\n', 4]);
    await expect(cri('ExecSync', { 1: id, 2: ['nosuch'], 3: 20 })).rejects.toThrow(
      'executable file not found',
    );
    const stats = (await cri('ContainerStats', { 1: id })).message(1);
    expect(stats.message(1).text(1)).toBe(id);
    expect(stats.message(3).message(2).number(1)).toBeGreaterThan(0);
    await cri('UpdateContainerResources', { 1: id, 2: { 4: 80 * 2 ** 20 } });
    const updated = await cri('ExecSync', { 1: id, 2: ['sh', '-c', limit], 3: 20 });
    expect(updated.text(1)).toBe(`${80 * 2 ** 20}\n`);

    await cri('StopContainer', { 1: id, 2: 20 });
    const status = (await cri('ContainerStatus', { 1: id })).message(1);
    // CONTAINER_EXITED
    expect([status.number(3), status.number(7)]).toEqual([2, 6]);
    await cri('RemoveContainer', { 1: id });
    await cri('StopPodSandbox', { 1: sandbox });
    await cri('RemovePodSandbox', { 1: sandbox });
    expect(
      stage.run([stage.runtime.path, '--root', '/run/containerd/runc/k8s.io', 'list', '-q']).stdout,
    ).toBe('');
  });
});
