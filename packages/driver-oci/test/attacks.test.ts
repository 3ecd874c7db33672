// needs: linux, root, busybox, runc, crun
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ContainerSpec } from '@ns/execdriver';
import { afterAll, describe, expect, test } from 'vitest';

import { Bench, LINUX } from './bench.js';

const bench = new Bench();
afterAll(() => bench[Symbol.dispose]());

/** A directory of the host that a container has no business in. */
function victim(): string {
  const path = mkdtempSync(join(bench.directory, 'victim-'));
  writeFileSync(join(path, 'file'), 'the host’s\n');
  mkdirSync(join(path, 'directory'), { mode: 0o700 });
  return path;
}

/** An image with one more file, for as long as a test runs. */
async function withLink<T>(name: string, target: string, run: () => Promise<T>): Promise<T> {
  const path = join(bench.root.path, name);
  rmSync(path, { recursive: true, force: true });
  symlinkSync(target, path);
  try {
    return await run();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

describe.each(LINUX)('%s: an image', (_, settings) => {
  const driver = bench.driver(settings);
  const attempt = (spec: ContainerSpec): Promise<unknown> =>
    bench.run(driver, spec).catch((error: unknown) => error);

  test.each(['dev', 'proc', 'sys'])('with a link for /%s reaches nothing of the host', async (name) => {
    const host = victim();
    const spec = bench.spec(`echo x > /${name}/file; echo x > /${name}/new`);
    const error = await withLink(name, host, () => attempt(spec));
    expect(error).toMatchObject({ code: 'ERR_NS_INVALID_ARGUMENT' });
    const overlay = { kind: 'overlay', lower: [victim(), bench.root.path] } as const;
    await withLink(name, host, () => attempt({ ...spec, root: overlay }));
    expect(readdirSync(host).toSorted()).toEqual(['directory', 'file']);
    expect(readdirSync(join(host, 'directory'))).toEqual([]);
    expect(statSync(join(host, 'file')).size).toBe(Buffer.byteLength('the host’s\n'));
  });

  test('with a link on the way to a mount does not move it to the host', async () => {
    const host = victim();
    const mounts = [{ type: 'tmpfs', target: '/srv/directory', mode: 0o777 }] as const;
    await withLink('srv', host, () => attempt(bench.spec('echo x > /srv/directory/x', { mounts })));
    expect(readdirSync(join(host, 'directory'))).toEqual([]);
    expect(statSync(join(host, 'directory')).mode & 0o777).toBe(0o700);
  });

  test('with a link for the working directory is not led out', async () => {
    const host = victim();
    const process = { args: ['sh', '-c', 'ls'], env: ['PATH=/bin'], cwd: '/srv/directory' };
    await withLink('srv', host, () => attempt(bench.spec('', { process })));
    expect(readdirSync(join(host, 'directory'))).toEqual([]);
  });
});

describe.each(LINUX)('%s: a container', (_, settings) => {
  const driver = bench.driver(settings);

  test('is described where nobody else can read it', async () => {
    const spec = bench.spec('sleep 100');
    const container = await driver.create({
      ...spec,
      process: { ...spec.process, env: ['PATH=/bin', 'SECRET=x'] },
    });
    await container.start();
    const directory = join(bench.directory, 'state', spec.id);
    expect(statSync(directory).mode & 0o077).toBe(0);
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    const ours = names.find((name) => /^[^/]+\/config\.json$/.test(name));
    expect(statSync(join(directory, ours!)).mode & 0o077).toBe(0);
    await container.destroy();
  });

  test('gets text that looks like a configuration as text', async () => {
    const hostile = '"}],"x":[{"\n\u2028\u0007\\u0000';
    const spec = bench.spec('printf %s "$A"');
    const process = { ...spec.process, env: ['PATH=/bin', `A=${hostile}`] };
    expect((await bench.run(driver, { ...spec, process })).output).toBe(hostile);
  });

  test('has nothing of the program by which it was started', async () => {
    const script = 'readlink /proc/1/exe; grep -c memfd /proc/self/maps /proc/self/mountinfo; ls /dev /';
    const { output } = await bench.run(driver, bench.spec(script));
    expect(output).toContain('/bin/sh\n');
    expect(output).toContain('maps:0\n');
    expect(output).toContain('mountinfo:0\n');
    expect(output).not.toContain('ns-');
  });

  test('executes nothing without the filter that it has', async () => {
    const container = await driver.create(bench.spec('sleep 100'));
    await container.start();
    const process = { args: ['true'], env: ['PATH=/bin'], seccomp: 'unconfined' } as const;
    await expect(container.exec(process)).rejects.toMatchObject({ code: 'ERR_NS_UNSUPPORTED' });
    await container.destroy();
  });
});

test('containers of the same id in different state roots do not meet', async () => {
  using other = new Bench();
  const [first, second] = await Promise.all(
    [bench, other].map(async (each) => {
      const container = await each.driver(LINUX[0]![1]).create(each.spec('sleep 100', { id: 'same' }));
      await container.start();
      return container;
    }),
  );
  await first!.destroy();
  expect(second!.status).toBe('running');
  expect(await second!.processes()).toEqual([second!.pid]);
  await second!.destroy();
});
