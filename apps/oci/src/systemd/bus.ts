import type { EventEmitter } from 'node:events';

import { DBusError, Message, systemBus, type MessageBus } from '@jellybrick/dbus-next';
import { isErrno, NsError } from '@ns/errors';

/** How long an answer is waited for, and the end of a job, in milliseconds. */
const PATIENCE_MS = 30_000;

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER_PATH = '/org/freedesktop/systemd1';

/** The connection to systemd over the system bus: org.freedesktop.systemd1(5). */
export class Systemd implements Disposable {
  readonly #bus: MessageBus;
  /** Results of jobs whose end was told, by their object paths: the signal may come before the answer that names the job. */
  readonly #ended = new Map<string, string>();
  readonly #waiting = new Map<string, (result: string) => void>();
  #failure: Error | undefined;
  readonly #failed: Promise<never>;

  private constructor(bus: MessageBus) {
    this.#bus = bus;
    this.#failed = new Promise((_, reject) => {
      (bus as EventEmitter).on('error', (error: Error) => {
        this.#failure = connectionFailure(error);
        reject(this.#failure);
      });
    });
    // Whoever waits for something hears of it; when nobody does, nothing is lost.
    this.#failed.catch(() => undefined);
    bus.on('message', (message) => this.#heard(message));
  }

  /**
   * Connect to the bus at `DBUS_SYSTEM_BUS_ADDRESS`, by default `/run/dbus/system_bus_socket`.
   *
   * @throws {@link NsError} `ERR_NS_UNSUPPORTED` when there is none, `ERR_NS_CONNECTION`, `ERR_NS_TIMEOUT`
   */
  static async connect(): Promise<Systemd> {
    const systemd = new Systemd(systemBus());
    try {
      const rule = `type='signal',sender='${SYSTEMD}',interface='${SYSTEMD}.Manager',member='JobRemoved'`;
      await systemd.#call(
        'org.freedesktop.DBus',
        '/org/freedesktop/DBus',
        'org.freedesktop.DBus',
        'AddMatch',
        's',
        [rule],
      );
      await systemd.manage('Subscribe', '', []);
      return systemd;
    } catch (error) {
      systemd[Symbol.dispose]();
      throw error;
    }
  }

  /** Call a method of systemd's manager. @throws {@link NsError} `ERR_NS_API` when systemd refuses */
  manage(method: string, signature: string, body: unknown[]): Promise<unknown[]> {
    return this.#call(SYSTEMD, MANAGER_PATH, `${SYSTEMD}.Manager`, method, signature, body);
  }

  /** A property of a unit, by the interface that has it: `Scope`, `Unit`. Answers a variant's value. */
  async property(unit: string, kind: string, name: string): Promise<unknown> {
    const [path] = await this.manage('GetUnit', 's', [unit]);
    const [variant] = await this.#call(
      SYSTEMD,
      String(path),
      'org.freedesktop.DBus.Properties',
      'Get',
      'ss',
      [`${SYSTEMD}.${kind}`, name],
    );
    return (variant as { readonly value: unknown }).value;
  }

  /**
   * Call a method that begins a job, and wait until the job has ended.
   *
   * @returns The job's result: `done`, or what went wrong, `failed`, `timeout`…
   */
  async job(method: string, signature: string, body: unknown[]): Promise<string> {
    const [job] = await this.manage(method, signature, body);
    const path = String(job);
    const ended = this.#ended.get(path);
    if (ended !== undefined) return ended;
    return this.#inTime(
      method,
      new Promise((resolve) => {
        this.#waiting.set(path, resolve);
      }),
    );
  }

  #heard({ member, path, body }: Message): void {
    if (member !== 'JobRemoved' || path !== MANAGER_PATH) return;
    const [, job, , result] = body.map(String);
    if (job === undefined || result === undefined) return;
    this.#ended.set(job, result);
    this.#waiting.get(job)?.(result);
  }

  async #call(
    destination: string,
    path: string,
    iface: string,
    member: string,
    signature: string,
    body: unknown[],
  ): Promise<unknown[]> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const message = new Message({ destination, path, interface: iface, member, signature, body });
      const reply = await this.#inTime(member, this.#bus.call(message));
      return reply?.body ?? [];
    } catch (error) {
      if (!(error instanceof DBusError)) throw error;
      throw new NsError('ERR_NS_API', {
        operation: 'systemd',
        message: `${member}: ${error.text} (${error.type})`,
        cause: error,
      });
    }
  }

  async #inTime<T>(what: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new NsError('ERR_NS_TIMEOUT', {
            operation: 'systemd',
            message: `${what}: no answer in ${PATIENCE_MS / 1000} seconds`,
            hint: 'see systemctl list-jobs and the journal',
          }),
        );
      }, PATIENCE_MS);
    });
    try {
      return await Promise.race([answer, late, this.#failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#bus.disconnect();
  }
}

/** The name of the error that systemd answered with: `org.freedesktop.systemd1.UnitExists`. */
export const refusal = (error: unknown): string | undefined =>
  NsError.is(error) && error.cause instanceof DBusError ? error.cause.type : undefined;

function connectionFailure(cause: Error): NsError {
  const isMissing = isErrno(cause, 'ENOENT', 'ECONNREFUSED');
  return new NsError(isMissing ? 'ERR_NS_UNSUPPORTED' : 'ERR_NS_CONNECTION', {
    operation: 'systemd',
    message: `the system bus ${isMissing ? 'is not there' : 'closed the connection'}: ${cause.message}`,
    hint: 'start systemd and dbus, or call the runtime without --systemd-cgroup',
    cause,
  });
}
