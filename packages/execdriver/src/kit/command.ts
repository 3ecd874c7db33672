import type {
  CgroupStats,
  CheckpointOptions,
  ContainerSpec,
  DriverInfo,
  Exit,
  MountSpec,
  ProcessSpec,
  Resources,
  RootSpec,
} from '../contract.js';
import type { ConsoleSocket } from './console.js';

/** A program of the host that runs a container, and how it is run. */
export interface HostCommand {
  /** Absolute. */
  readonly file: string;
  /** Its arguments, its name first. */
  readonly args: readonly string[];
  /** `NAME=value`, complete: nothing is inherited. */
  readonly env: readonly string[];
  /** Default `/`. */
  readonly cwd?: string;
  /** More descriptors for it: its number, then ours, which is copied and not closed. 3 and above. */
  readonly fds?: Readonly<Record<number, number>>;
  /**
   * The command runs in a private mount namespace, where this root is attached on {@link Place.root}. Nothing is mounted on
   * the host, and nothing is left of it when the command and its container have ended. Default: none, and the command makes
   * of the spec's root what it likes.
   */
  readonly root?: RootSpec;
  /**
   * Where that root is attached instead, a directory that exists: for users of the container who cannot enter the state
   * directory, which is closed to others. What is there is not seen by the command.
   */
  readonly rootAt?: string;
  /** What is mounted on that root, before the command runs. */
  readonly mounts?: readonly MountSpec[];
  /** That root is read-only; mounts on it keep their mode. */
  readonly readonlyRoot?: boolean;
  /**
   * Mount points of the host that are not there for the command, which runs in a private mount namespace for that:
   * `/sys/fs/cgroup/unified` for one that cannot do with hybrid cgroups. Those that do not exist are passed over.
   */
  readonly unmount?: readonly string[];
  /**
   * Files of the host that are empty for the command, in the same way: `/sys/fs/cgroup/unified/cgroup.controllers`. Those that
   * do not exist are passed over.
   */
  readonly hide?: readonly string[];
  /**
   * `stays`: it lives as long as the container, whose exit status is its own. It is killed when the monitor dies.
   *
   * Otherwise it leaves: it exits with 0 when the container exists, whose first process has become the monitor's child by
   * then (the monitor is a subreaper), and whose pid is in that file, in decimal.
   */
  readonly life: 'stays' | { readonly pidFile: string };
  /**
   * With a terminal, of a command that leaves and makes the terminal itself: where it sends the master. By default the
   * terminal is one of the host's, which the command gets as its standard streams.
   */
  readonly console?: ConsoleSocket;
  /**
   * With a terminal, of a command that stays: the number of a descriptor for the file system that the terminal is in, a
   * detached mount of a devpts with nothing else. On `/dev/pts` of the container it gives the terminal a name there. The
   * container has to make it its controlling terminal.
   */
  readonly devpts?: number;
}

/** Where a container's things are on the host. */
export interface Place {
  readonly id: string;
  /**
   * A directory for what the definition and the tool write, below one that nobody else can enter. The kit makes it, and
   * removes it with all that is in it.
   */
  readonly directory: string;
  /** Where the root is attached, in the mount namespace of the command. */
  readonly root: string;
}

/** A container that runs. */
export interface Running extends Place {
  /** Its first process, as the host sees it. */
  readonly pid: number;
}

/** What is known of a program that is to be run: the container's own, or one that is executed in it. */
export interface Launching {
  /** Unique in the container: `start`, `exec-1`. Good for the names of files. */
  readonly name: string;
  /** Who it is, by the files of the container's root. */
  readonly user: {
    readonly uid: number;
    readonly gid: number;
    readonly groups: readonly number[];
    readonly home: string;
  };
  /** That of the process, and HOME. */
  readonly env: readonly string[];
}

/** A host command that was started. */
export interface StartedCommand {
  readonly pid: number;
  /**
   * Resolves when it has ended, or the monitor has: with its wait status, or undefined when nobody saw it. A command that
   * leaves ends when it exits, not when its container does. Never rejects.
   */
  readonly ended: Promise<number | undefined>;
  /**
   * The same when the container's first process has ended too, where the command has left one: nothing that could still run
   * the user's program is there.
   */
  readonly over: Promise<number | undefined>;
  /**
   * The first process of the container, as the monitor has it: the command itself, or what a command that leaves has left,
   * once it has. May never resolve.
   */
  readonly first: Promise<number>;
}

/** The command of an exec. */
export interface ExecCommand extends HostCommand {
  /**
   * Resolves when the user's program runs, with its pid if that is known; rejects with the reason when it cannot. Default: it
   * runs when the command does.
   */
  readonly started?: (command: StartedCommand) => Promise<{ readonly pid?: number }>;
  /** How the program ended, where the wait status of the command is not it. */
  readonly exit?: (waitStatus: number, at: Date) => Exit | undefined;
}

/**
 * A driver over a program of the host: what is particular to it. The life cycle is the kit's.
 *
 * @remarks
 * The methods get plain data and keep no state: after a restart of the engine they are called for containers that another
 * process started.
 */
export interface CommandDriver {
  readonly info: DriverInfo;
  /** Refuse what cannot be, beyond what the abilities say. Looks at nothing but the spec. */
  check?(spec: ContainerSpec): void;
  /** Write what the command reads, and say what is run. */
  prepare(spec: ContainerSpec, place: Place & Launching): Promise<HostCommand> | HostCommand;
  /**
   * Resolves when the user's program runs, with the pid of the container's first process, which is by default
   * {@link StartedCommand.first}; rejects with the reason when it cannot. `endedEarly` is the error of a command that ended
   * before; it gets what the command has written, see {@link CommandDriver.said}.
   */
  started(
    spec: ContainerSpec,
    place: Place & Launching,
    command: StartedCommand,
  ): Promise<{ readonly pid?: number }>;
  /** What a command wrote that ended too early, where that is in a file. Default: what is in the pipe of standard error. */
  said?(place: Place): string | undefined;
  /** Write the state of its processes into a directory that was made for it, and is removed after a failure. */
  checkpoint?(options: CheckpointOptions, running: Running): Promise<void>;
  /** As {@link CommandDriver.prepare}, to go on from a checkpoint. */
  restore?(
    spec: ContainerSpec,
    place: Place & Launching,
    directory: string,
  ): Promise<ExecCommand> | ExecCommand;
  /** How long {@link CommandDriver.started} may take. Default 60 000 ms. */
  readonly startTimeoutMs?: number;
  /** How long the command may take to see that its container was killed, before it is killed too. Default 10 000 ms. */
  readonly endTimeoutMs?: number;
  /**
   * Run another program. Default, for a driver that declares the ability: a program of the kit's own enters the namespaces of
   * the container's first process, as the native driver does.
   */
  exec?(process: ProcessSpec, running: Running & Launching): Promise<ExecCommand> | ExecCommand;
  /**
   * The directory of the container's files on the host, for the users of a program that is executed. Default: the root of the
   * first process.
   */
  files?(running: Running): string;
  /** Default: kill(2) of the container's first process. */
  signal?(signal: number, running: Running): void;
  /**
   * The path of its cgroup below the mount points of the hierarchies, the same in all of them: `/ns/web`. From it come the
   * defaults of all that follows, and whether memory ran out.
   */
  cgroup?(place: Place): string | undefined;
  /** Default: those of the cgroup; without one, those that share a mount or pid namespace of the first process's own. */
  processes?(running: Running): Promise<number[]>;
  update?(resources: Resources, running: Running): Promise<void>;
  pause?(running: Running): Promise<void>;
  resume?(running: Running): Promise<void>;
  isPaused?(running: Running): boolean;
  stats?(running: Running): Promise<CgroupStats>;
  /** The container's exit, where the wait status of the command or the first process is not it. */
  exit?(place: Place, waitStatus: number, at: Date): Exit | undefined;
  /**
   * Remove what is left beside the state directory: processes, cgroups, links, registrations. Called when the container has
   * ended or was to be killed, after failed starts, and for containers of processes that are gone. Idempotent.
   */
  remove?(place: Place): Promise<void>;
}
