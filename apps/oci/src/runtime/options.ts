import type { Cgroup } from '@ns/cgroups';
import type { ConfigMount, NamespacePlan } from '@ns/namespaces';

import type { ContainerPlan } from '../plan.js';

/** What `create` and `run` are told. */
export interface CreateOptions {
  readonly root: string;
  readonly id: string;
  readonly bundle: string;
  readonly systemdCgroup: boolean;
  readonly rootless: boolean;
  readonly consoleSocket?: string | undefined;
  readonly pidfdSocket?: string | undefined;
  readonly pidFile?: string | undefined;
  readonly noPivot: boolean;
  readonly noNewKeyring: boolean;
  readonly preserveFds: number;
  /** A terminal without a console socket is given to the caller of {@link createContainer}. */
  readonly ownTerminal: boolean;
  readonly warn: (message: string) => void;
}

/** What is known of a container that is being created. */
export interface Attempt {
  readonly options: CreateOptions;
  readonly plan: ContainerPlan;
  readonly namespaces: NamespacePlan;
  readonly kinds: ReadonlyMap<ConfigMount, 'directory' | 'file'>;
  readonly directory: string;
  readonly cgroup: Cgroup | undefined;
  /** Of systemd, when it has made the cgroup. */
  readonly unit: string | undefined;
}
