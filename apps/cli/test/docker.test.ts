import { spawn } from 'node:child_process';

import { FakeEngine } from '@ns/engine-api/testing';
import { needs } from '@ns/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { callNs } from './in-process.js';
import { ended, type Ended } from './program.js';

/** Command lines that must have the same output and exit code as the docker command's, on one engine. */
const LISTS = [
  ['ps', '-a'],
  ['ps', '-aq'],
  ['ps', '-aq', '--no-trunc'],
  ['ps', '--format', 'table {{.ID}}\\t{{.Names}}\\t{{.Label "role"}}'],
  [
    'ps',
    '-a',
    '--format',
    '{{.Names}}|{{.Image}}|{{.Command}}|{{.State}}|{{.Labels}}|{{.Ports}}|{{.LocalVolumes}}',
  ],
  ['ps', '-a', '--format', '{{.CreatedAt}}'],
  ['ps', '--format', 'table {{.Label "com.x.some-thing"}}\\t{{lower .State}}\\t{{json .Names}}'],
  ['ps', '-a', '--filter', 'name=one', '--format', '{{upper .Names}} {{json .Image}}'],
  ['images'],
  ['images', '--digests'],
  ['images', '-q', '--no-trunc'],
  ['images', '--format', '{{.Repository}} {{.Tag}} {{.ID}} {{.CreatedSince}} {{.CreatedAt}} {{.Size}}'],
  ['history', 'busybox'],
  ['history', '--no-trunc', '--human=false', 'busybox'],
  ['logs', 'one'],
  ['top', 'two'],
  ['wait', 'one'],
  ['inspect', '-f', '{{.Name}} {{.State.ExitCode}} {{json .Config.Cmd}} {{len .Args}}', 'one'],
  ['inspect', '-f', '{{range $i, $x := .Config.Cmd}}{{if $i}},{{end}}{{$x}}{{else}}none{{end}}', 'one'],
  ['inspect', '-f', '{{with .Config.Labels}}{{index . "role"}}{{end}} {{printf "%q %5s|" .Name "x"}}', 'two'],
  ['inspect', '-f', '{{- /* c */ -}} {{ join .Config.Cmd "+" -}}  .', 'one'],
  ['container', 'ls', '-a', '--format', '{{.Names}}'],
  ['image', 'inspect', '-f', '{{index .RepoTags 0}}', 'busybox'],
  ['start', 'two'],
  ['stop', '-t', '0', 'nosuch'],
  ['rm', 'two'],
  ['rm', '-f', 'nosuch'],
  ['inspect', 'nosuch'],
  ['exec', 'two', 'exit', '6'],
  ['exec', 'two', 'echo', 'x'],
  ['rename', 'nosuch', 'x'],
  ['run', '--rm', 'busybox', 'exit', '12'],
  ['run', '--rm', 'busybox', 'warn', 'oops'],
  ['run', '--rm', '-e', 'A=1', '-e', 'NOSUCH', 'busybox', 'env'],
  ['run', '--rm', 'busybox', 'nosuch'],
  ['run', '-it', 'busybox', 'cat'],
  ['network', 'ls'],
  ['network', 'ls', '-q', '--no-trunc'],
  ['network', 'ls', '--format', 'json'],
  [
    'network',
    'ls',
    '--format',
    'table {{.Name}}\\t{{.IPv6}}\\t{{.Internal}}\\t{{.Label "a.b"}}\\t{{.CreatedAt}}',
  ],
  ['network', 'ls', '-f', 'name=o', '--format', '{{.Labels}}|{{.Scope}}'],
  [
    'network',
    'inspect',
    '-f',
    '{{.Name}} {{.IPAM.Driver}} {{json .IPAM.Config}} {{.EnableIPv6}}',
    'bridge',
    'own',
  ],
  ['network', 'inspect', 'nosuch'],
  ['network', 'rm', 'nosuch', 'host'],
  ['network', 'rm', '-f', 'nosuch'],
  ['network', 'connect', 'nosuch', 'two'],
  ['network', 'disconnect', 'own', 'two'],
  ['network', 'create', '--subnet', '10.0.0.0/8', '--gateway', '192.168.0.1', 'x'],
  ['network', 'create', 'own'],
  ['network', 'create'],
  ['run', '--nosuch'],
  ['run'],
  ['ps', 'extra'],
  ['nosuch'],
];

describe('beside the docker command', needs('docker-cli'), () => {
  let engine: FakeEngine;

  beforeAll(async () => {
    engine = await FakeEngine.start();
    await callNs(engine.host, 'run --name one busybox echo one after the other');
    await callNs(
      engine.host,
      'network create --label a.b=c --internal --subnet 10.5.0.0/16 --gateway 10.5.0.9 own',
    );
    await callNs(engine.host, 'run -d --name two -l role=web -l com.x.some-thing=y -l b=2 busybox sleep');
  });
  afterAll(async () => {
    await engine.stop();
  });

  const docker = async (words: readonly string[]): Promise<Ended> => {
    const child = spawn('docker', ['-H', engine.host, ...words], {
      env: { ...process.env, DOCKER_HOST: '' },
    });
    child.stdin.end();
    return ended(child);
  };
  /** Ages may differ by a second between two runs, and columns with them; how wide they are is tested elsewhere. */
  const still = (text: string): string =>
    text.replaceAll(/(Less than a second|\d+ seconds?) ago/g, 'now').replaceAll(/ {2,}/g, '  ');

  it.each(LISTS.map((words) => [words.join(' '), words] as const))('%s', async (_, words) => {
    const [ours, theirs] = await Promise.all([callNs(engine.host, words), docker(words)]);
    expect(still(ours.stdout)).toBe(still(theirs.stdout));
    expect(ours.exitCode).toBe(theirs.exitCode);
    // Errors are worded by the engine, and then the words are the same.
    const said = /^(?:docker: )?(Error[^\n]*)/m.exec(theirs.stderr)?.[1] ?? '';
    expect(ours.stderr).toContain(said);
  });

  it('asks for the same, in the same order', async () => {
    const traceOf = async (run: () => Promise<unknown>): Promise<string[]> => {
      const from = engine.trace.length;
      await run();
      return engine.trace.slice(from);
    };
    for (const words of [
      ['run', '--rm', 'busybox', 'true'],
      ['stop', 'one'],
      ['logs', 'one'],
      ['exec', 'two', 'true'],
    ]) {
      const ours = await traceOf(() => callNs(engine.host, words));
      const theirs = (await traceOf(() => docker(words))).filter((line) => line !== 'GET /info');
      // Attach and wait are asked for at once.
      expect(ours.toSorted()).toEqual(theirs.toSorted());
      expect(ours.at(-1)).toBe(theirs.at(-1));
    }
  });
});
