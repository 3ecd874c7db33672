import type { Command } from '../command.js';
import { defineCommand } from '../command.js';
import { createContainer, requestOf, startExitCode } from '../create/create-container.js';
import { createFlags } from '../create/flags.js';
import { Failure, UsageFailure } from '../failure.js';
import { bool, boolOn } from '../flags/flag.js';
import { reportOf } from '../report.js';
import { attend, checkTerminal } from '../session/attend.js';
import { defaultDetachKeys, detachKeysFlag } from '../session/detach-flag.js';
import { proxySignals } from '../session/proxy.js';

const flags = {
  ...createFlags,
  detach: bool('Run container in background and print container ID', { short: 'd' }),
  detachKeys: detachKeysFlag,
  sigProxy: boolOn('Proxy received signals to the process (default true)'),
};

export const command: Command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]\n        ns run [OPTIONS] --rootfs DIR COMMAND [ARG...]',
  flags,
  args: [1, Infinity],
  passesOn: true,
  examples: [
    'ns run --rm hello-world',
    'ns run --rm -it debian bash',
    'ns run -d --name web -v /srv:/srv:ro debian sleep infinity',
    'ns run --rm --rootfs ./rootfs /bin/sh -c "echo hello"',
  ],
  async run(invocation) {
    const { cli, flags: given, name } = invocation;
    if (given.detach && given.attach.length > 0) {
      throw new UsageFailure(name, 'conflicting options: cannot specify both --attach and --detach');
    }
    let request = requestOf(invocation);
    if (given.detach) {
      request = {
        ...request,
        AttachStdin: false,
        AttachStdout: false,
        AttachStderr: false,
        StdinOnce: false,
      };
    }
    const [stdin, stdout, stderr] = [request.AttachStdin, request.AttachStdout, request.AttachStderr].map(
      Boolean,
    );
    const tty = request.Tty === true;
    checkTerminal(cli, tty, stdin === true);
    try {
      const { engine, id } = await createContainer(cli, () => cli.engine(), request, given.name);
      const unproxy = given.sigProxy ? proxySignals(cli, engine, id) : undefined;
      if (stdout !== true && stderr !== true) cli.print(id);
      try {
        if (stdin !== true && stdout !== true && stderr !== true) {
          await engine.containerStart(id);
          return 0;
        }
        return await attend(cli, engine, {
          id,
          tty,
          stdin: stdin === true,
          stdout: stdout === true,
          stderr: stderr === true,
          detachKeys: given.detachKeys ?? defaultDetachKeys,
          autoRemove: given.rm,
        });
      } finally {
        unproxy?.();
      }
    } catch (error) {
      const { message, hint } = reportOf(error);
      throw new Failure(startExitCode(error), message, {
        ...(hint === undefined ? {} : { hint }),
        cause: error,
      });
    }
  },
});
