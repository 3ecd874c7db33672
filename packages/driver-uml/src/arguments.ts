import {
  EXEC_SLOTS,
  EXEC_STREAMS,
  execFd,
  execPort,
  INITIAL_RAMDISK,
  MACHINE_FD,
  PORT,
} from '@ns/execdriver/guest';

/**
 * The arguments of `linux.uml` for a guest of `@ns/execdriver/guest`. Nothing of a container is in them: what a guest is told
 * comes by its initial ramdisk.
 */
export function kernelArguments(memoryMiB: number): string[] {
  return [
    'linux.uml',
    `mem=${memoryMiB}M`,
    `initrd=${INITIAL_RAMDISK}`,
    'panic=-1',
    'quiet',
    // Every console and serial line is one that is named, or nothing.
    'con=null',
    `con0=null,fd:${MACHINE_FD.console}`,
    'ssl=null',
    `ssl${PORT.stdin}=fd:${MACHINE_FD.input},null`,
    `ssl${PORT.stdout}=null,fd:${MACHINE_FD.stdout}`,
    `ssl${PORT.stderr}=null,fd:${MACHINE_FD.stderr}`,
    `ssl${PORT.control}=fd:${MACHINE_FD.control},null`,
    `ssl${PORT.events}=null,fd:${MACHINE_FD.events}`,
    ...Array.from({ length: EXEC_SLOTS }, (_, slot) =>
      EXEC_STREAMS.map((stream) => execLine(slot, stream)),
    ).flat(),
  ];
}

/** A stream of a program that is executed. */
function execLine(slot: number, stream: (typeof EXEC_STREAMS)[number]): string {
  const fd = `fd:${execFd(slot, stream)}`;
  return `ssl${execPort(slot, stream)}=${stream === 'input' ? `${fd},null` : `null,${fd}`}`;
}
