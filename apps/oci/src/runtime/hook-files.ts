import { memfdCreate, syscall, writeAll, type OwnedFd } from '@ns/syscall';

import type { ContainerPlan } from '../plan.js';
import type { Descriptors } from './descriptors.js';
import { ociState, type StateRecord } from './state.js';

/** Files by which hooks in the container's namespaces get its state, and for what they write. */
export class HookFiles implements Disposable {
  readonly #create: OwnedFd | undefined;
  readonly #start: OwnedFd | undefined;
  readonly #output: OwnedFd | undefined;

  constructor({ hooks }: ContainerPlan) {
    if (hooks.createContainer.length > 0) {
      this.#create = memfdCreate('state');
      this.#output = memfdCreate('output');
    }
    if (hooks.startContainer.length > 0) this.#start = memfdCreate('state');
  }

  fds(numbers: Descriptors): Record<number, number> {
    const fds: Record<number, number> = {};
    if (this.#create !== undefined) fds[numbers.createState] = this.#create.fd;
    if (this.#output !== undefined) fds[numbers.hookOutput] = this.#output.fd;
    if (this.#start !== undefined) fds[numbers.startState] = this.#start.fd;
    return fds;
  }

  /** @param pid - As the container's pid namespace has it. */
  fill(record: StateRecord, pid: number): void {
    const text = (status: 'creating' | 'created'): Buffer =>
      Buffer.from(`${JSON.stringify(ociState(record, status, pid))}\n`);
    if (this.#create !== undefined) writeAll(this.#create.fd, text('creating'));
    if (this.#start !== undefined) writeAll(this.#start.fd, text('created'));
  }

  /** What the hooks have written. */
  get output(): string {
    if (this.#output === undefined) return '';
    const buffer = Buffer.alloc(4096);
    syscall('go to the beginning', 'lseek', this.#output.fd, 0, 0);
    const length = syscall('read what hooks wrote', 'read', this.#output.fd, buffer, buffer.length);
    return buffer.toString('utf8', 0, length).trim();
  }

  [Symbol.dispose](): void {
    this.#create?.close();
    this.#start?.close();
    this.#output?.close();
  }
}
