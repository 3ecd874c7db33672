import type { ImageDeleteResponseItem, JSONMessage } from '@ns/engine-api';
import { NsError } from '@ns/errors';
import { familiarTag, type Image, ImageStore, parseReference } from '@ns/images';

import { DOCKER } from '../engine/errors.js';
import type { ImageService, RemoveImageOptions } from '../engine/image-source.js';
import type { Logger } from '../host/logger.js';
import { historyItemOf, inherited, inspectOf, messagesOf, summaryOf } from './answers.js';
import { helloImage } from './hello.js';

/** Open the image store at a directory, and say what it has in the words of the Engine API. */
export async function openImages(directory: string, logger: Logger): Promise<ImageService> {
  const store = await ImageStore.open(directory, {
    onProblem: (problem) => logger.error(problem.message, problem),
  });
  try {
    await store.addBuiltin(helloImage());
  } catch (error) {
    await store.close();
    throw error;
  }
  const find = (reference: string): Image => {
    try {
      return store.get(reference);
    } catch (error) {
      throw inDockersWords(error, reference);
    }
  };
  return {
    async resolve(reference) {
      const { id, config } = find(reference);
      return { id, config: inherited(config.config) };
    },
    createSnapshot: (imageId, containerId) => store.snapshot(containerId, imageId),
    snapshot: (containerId) => store.getSnapshot(containerId),
    removeSnapshot: (containerId) => store.removeSnapshot(containerId),
    snapshots: async () => store.listSnapshots().map(({ containerId }) => containerId),
    count: async () => store.list().length,
    list: async () => store.list().map(summaryOf),
    inspect: async (reference) => inspectOf(find(reference)),
    history: async (reference) => store.history(find(reference).id).map(historyItemOf),
    async import(archive, { repository, tag, message, changes }) {
      const ref =
        repository === undefined ? undefined : tag === undefined ? repository : `${repository}:${tag}`;
      return (await store.import(archive, { ref, message, changes })).id;
    },
    load: (archive) => load(store, archive),
    // Names are looked up at once, so that a missing one is an error and not a torn archive.
    save: (references) => store.save(references.filter((reference) => find(reference) !== undefined)),
    tag: (reference, repository, tag) => store.tag(find(reference).id, `${repository}:${tag}`),
    remove: (reference, options) => remove(store, reference, find(reference), options),
    close: () => store.close(),
  };
}

async function* load(store: ImageStore, archive: AsyncIterable<Uint8Array>): AsyncGenerator<JSONMessage> {
  for await (const event of store.load(archive)) yield* messagesOf(event);
}

async function remove(
  store: ImageStore,
  reference: string,
  { id }: Image,
  { force, inUse }: RemoveImageOptions,
): Promise<ImageDeleteResponseItem[]> {
  const user = inUse.get(id);
  const users = user ? [{ containerId: user.container, isRunning: user.isRunning }] : [];
  const items = await store.remove(reference, { force, users: (imageId) => (imageId === id ? users : []) });
  return items.map((item) => ({ ...item }));
}

/** Scripts look for these words, and with a tag. */
function inDockersWords(error: unknown, reference: string): unknown {
  if (!NsError.is(error) || error.code !== 'ERR_NS_NOT_FOUND') return error;
  return new NsError(error.code, {
    operation: DOCKER,
    message: `No such image: ${complete(reference)}`,
    hint: error.hint,
    cause: error,
  });
}

function complete(reference: string): string {
  try {
    const parsed = parseReference(reference);
    return parsed.digest === undefined ? familiarTag(parsed) : reference;
  } catch {
    // Not a name, so it is an id.
    return reference;
  }
}
