import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Write an image of one layer, in the form of `docker save`.
 *
 * @returns The file.
 */
export function writeImage(directory: string, rootfs: string, name: string): string {
  const work = join(directory, 'image');
  mkdirSync(work);
  tar('-C', rootfs, '-cf', join(work, 'layer.tar'), '.');
  const layer = createHash('sha256')
    .update(readFileSync(join(work, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['sleep', '100000'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
  writeFileSync(join(work, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [name], Layers: ['layer.tar'] }];
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest));
  const file = join(directory, 'image.tar');
  tar('-C', work, '-cf', file, 'manifest.json', 'config.json', 'layer.tar');
  return file;
}

function tar(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('tar', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
}
