import { NsError, type NsErrorCode } from '@ns/errors';

/** The operation of errors that are worded as Docker words them: it is left out of the API's answer. */
export const DOCKER = 'engine';

function docker(code: NsErrorCode, message: string, hint?: string): NsError {
  return new NsError(code, { operation: DOCKER, message, hint });
}

export const noSuchContainer = (reference: string): NsError =>
  docker('ERR_NS_NOT_FOUND', `No such container: ${reference}`, 'List the containers with ps -a.');

export const ambiguousId = (prefix: string): NsError =>
  docker(
    'ERR_NS_INVALID_ARGUMENT',
    `multiple IDs found with provided prefix: ${prefix}`,
    'Give more digits of the id.',
  );

export const noSuchExec = (id: string): NsError => docker('ERR_NS_NOT_FOUND', `No such exec instance: ${id}`);

export const nameInUse = (name: string, id: string): NsError =>
  docker(
    'ERR_NS_CONFLICT',
    `Conflict. The container name "/${name}" is already in use by container "${id}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );

export const notRunning = (id: string): NsError =>
  docker('ERR_NS_NOT_RUNNING', `container ${id} is not running`);

export const isRestarting = (id: string): NsError =>
  docker('ERR_NS_CONFLICT', `Container ${id} is restarting, wait until the container is running`);

export const isPausedAlready = (id: string): NsError =>
  docker('ERR_NS_CONFLICT', `Container ${id} is already paused`);

export const notPaused = (id: string): NsError => docker('ERR_NS_CONFLICT', `Container ${id} is not paused`);

export const startPaused = (): NsError =>
  docker('ERR_NS_CONFLICT', 'cannot start a paused container, try unpause instead');

/** @param action - What cannot be done before: `exec`, `attach`. */
export const isPaused = (id: string, action: string): NsError =>
  docker('ERR_NS_CONFLICT', `Container ${id} is paused, unpause the container before ${action}`);

export const cannotUpdateRemoved = (id: string): NsError =>
  docker(
    'ERR_NS_CONFLICT',
    `Cannot update container ${id}: container is marked for removal and cannot be "update".`,
  );

export const cannotUpdate = (id: string, reason: string, hint?: string): NsError =>
  docker('ERR_NS_INVALID_ARGUMENT', `Cannot update container ${id}: ${reason}`, hint);

export const cannotKill = (reference: string, id: string): NsError =>
  docker('ERR_NS_NOT_RUNNING', `cannot kill container: ${reference}: container ${id} is not running`);

export const cannotRemoveRunning = (name: string): NsError =>
  docker(
    'ERR_NS_CONFLICT',
    `cannot remove container "/${name}": container is running: stop the container before removing or force remove`,
  );

export const cannotRemovePaused = (name: string): NsError =>
  docker(
    'ERR_NS_CONFLICT',
    `cannot remove container "/${name}": container is paused and must be unpaused first`,
  );

export const removalInProgress = (id: string): NsError =>
  docker('ERR_NS_CONFLICT', `removal of container ${id} is already in progress`);

export const markedForRemoval = (id: string): NsError =>
  docker('ERR_NS_CONFLICT', `container ${id} is marked for removal and cannot be started`);

/** Bad input, with the member of the request it is about. */
export const invalid = (operation: string, message: string, hint?: string): NsError =>
  new NsError('ERR_NS_INVALID_ARGUMENT', { operation, message, hint });

export const execHasRun = (id: string): NsError =>
  docker(
    'ERR_NS_CONFLICT',
    `exec command ${id} has already run`,
    'Create another exec instance to run it again.',
  );
