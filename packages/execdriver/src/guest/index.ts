/**
 * For authors of drivers whose containers have a kernel of their own: the system that such a kernel starts, a few KiB that
 * are made for each container.
 *
 * @packageDocumentation
 */
export { CONTROL, EVENT, RECORD_SIZE } from './records.js';
export { execInMachine } from './exec.js';
export { EXEC_STREAMS, EXEC_SLOTS, execFd, execPort } from './exec-ports.js';
export { TRIAL_SAYS, trialSystem } from './trial.js';
export { readModules } from './modules.js';
export { toolVersion } from './tool-version.js';
export { guestSystem, planGuest, type GuestSystem } from './system.js';
export { PORT, UML_LINES, VIRTIO, VIRTIO_FS, type Transport } from './transport.js';
export { ROOT as GUEST_ROOT, sourceName } from './container.js';
export { MACHINE_FD, MACHINE_FILES } from './launcher.js';
export { FILE_SERVER, type FileServer } from './file-server.js';
export { EXPORT, type JailFile } from './jail.js';
export {
  forgetMachine,
  INITIAL_RAMDISK,
  machineExit,
  machineRoot,
  machineSaid,
  machineStarted,
  prepareMachine,
  signalMachine,
  type MachineOptions,
} from './machine.js';
