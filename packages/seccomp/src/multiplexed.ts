/** The calls that i386 also makes through socketcall(2), by the number that is its first argument. */
const SOCKETCALL: Readonly<Record<string, number>> = {
  socket: 1,
  bind: 2,
  connect: 3,
  listen: 4,
  accept: 5,
  getsockname: 6,
  getpeername: 7,
  socketpair: 8,
  send: 9,
  recv: 10,
  sendto: 11,
  recvfrom: 12,
  shutdown: 13,
  setsockopt: 14,
  getsockopt: 15,
  sendmsg: 16,
  recvmsg: 17,
  accept4: 18,
  recvmmsg: 19,
  sendmmsg: 20,
};

/** The same for ipc(2). */
const IPC: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/** How a call is made through another one on i386. */
export interface Multiplexed {
  readonly through: 'socketcall' | 'ipc';
  /** The other call's first argument. */
  readonly call: number;
}

const CALLS = new Map<string, Multiplexed>([
  ...Object.entries(SOCKETCALL).map(([name, call]) => [name, { through: 'socketcall', call }] as const),
  ...Object.entries(IPC).map(([name, call]) => [name, { through: 'ipc', call }] as const),
]);

/** The second way in which i386 can make a call. See socketcall(2) and ipc(2). */
export const multiplexed = (name: string): Multiplexed | undefined => CALLS.get(name);
