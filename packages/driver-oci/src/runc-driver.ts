import { join } from 'node:path';

import { NsError } from '@ns/errors';
import type { CheckpointOptions, ContainerSpec } from '@ns/execdriver';
import type { ExecCommand, Launching, Place, Running } from '@ns/execdriver/kit';
import { connectInterfaces, openRtnetlink } from '@ns/netfw';

import { readBundle, writeBundle } from './bundle.js';
import { cgroupPathOf } from './cgroup-path.js';
import { assertRestorable, hasOwnNetwork, networkOptions, obstacleIn, writeRecord } from './checkpoint.js';
import { assertCriu, errorInCriuLog } from './criu.js';
import { ENV, LinuxRuntimeDriver } from './linux-driver.js';
import { FILES } from './place.js';
import { errorInFile, runtimeError } from './runtime-error.js';

/** All memory of a container is written to a disk. */
const CHECKPOINT_MS = 600_000;

/**
 * runc has checkpoints, by CRIU; Debian's crun has not.
 *
 * @remarks
 * Streams of the container that is restored are new pipes: runc gives them to CRIU in the place of those that it found.
 */
export class RuncDriver extends LinuxRuntimeDriver {
  async checkpoint({ directory, leaveRunning }: CheckpointOptions, running: Running): Promise<void> {
    await assertCriu('checkpoint');
    const config = readBundle(running);
    const obstacle = obstacleIn(config);
    if (obstacle !== undefined) throw uncheckpointable(obstacle);
    writeRecord(directory, config);
    const args = [
      'checkpoint',
      ...this.#images(running, directory),
      ...networkOptions(config),
      ...(leaveRunning === true ? ['--leave-running'] : []),
      running.id,
    ];
    const outcome = await this.run(running, 'checkpoint', args, CHECKPOINT_MS);
    if (outcome.status === 0) return;
    const { status, stderr } = outcome;
    const said =
      errorInCriuLog(join(running.directory, 'dump.log')) ??
      errorInFile(FILES.log(running, 'checkpoint')) ??
      stderr;
    const runtime = this.runtime.name;
    throw runtimeError({ operation: 'checkpoint', runtime, said, status, command: running.id });
  }

  async restore(spec: ContainerSpec, place: Place & Launching, directory: string): Promise<ExecCommand> {
    await assertCriu('restore');
    assertRestorable(directory, cgroupPathOf(spec, place));
    writeBundle(spec, place, spec.process.args);
    const config = readBundle(place);
    const obstacle = obstacleIn(config);
    if (obstacle !== undefined) throw uncheckpointable(obstacle);
    const pidFile = FILES.pid(place, place.name);
    return {
      file: this.runtime.path,
      args: [
        ...this.global(place, place.name),
        'restore',
        '--detach',
        ...this.#images(place, directory),
        ...networkOptions(config),
        '--bundle',
        place.directory,
        '--pid-file',
        pidFile,
        place.id,
      ],
      env: ENV,
      root: spec.root,
      life: { pidFile },
      started: async (command) => {
        const pid = await this.created(place, command, {
          operation: 'start',
          command: spec.process.args[0]!,
        });
        if (hasOwnNetwork(config.linux)) {
          using socket = openRtnetlink();
          await connectInterfaces(socket, { pid }, spec.network ?? { interfaces: [] }, place.directory);
        }
        return { pid };
      },
    };
  }

  #images(place: Place, directory: string): string[] {
    return ['--image-path', directory, '--work-path', place.directory];
  }

  override said(place: Place): string | undefined {
    return errorInCriuLog(join(place.directory, 'restore.log')) ?? super.said(place);
  }
}

const uncheckpointable = (obstacle: string): NsError =>
  new NsError('ERR_NS_UNSUPPORTED', {
    operation: 'checkpoint',
    message: `the container has ${obstacle}, which cannot be written down`,
    hint: 'a container without a terminal, with its own processes and the host’s users, can have checkpoints',
  });
