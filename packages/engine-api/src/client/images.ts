import type { Readable } from 'node:stream';

import type {
  ImageCreateOptions,
  ImageDeleteResponseItem,
  ImageHistoryItem,
  ImageInspect,
  ImageListOptions,
  ImageLoadOptions,
  ImageRemoveOptions,
  ImageSummary,
} from '../types/image.js';
import type { JSONMessage } from '../types/progress.js';
import { ExecEndpoints } from './exec.js';
import { pathName } from './query.js';
import type { CallOptions, EngineRequest } from './transport.js';

/** Endpoints about images. `image` is a name, `name:tag`, `name@sha256:…`, an id, or the beginning of one. */
export abstract class ImageEndpoints extends ExecEndpoints {
  /** `GET /images/json` */
  async imageList(options: ImageListOptions = {}, call: CallOptions = {}): Promise<ImageSummary[]> {
    return this.json({
      operation: 'image list',
      method: 'GET',
      path: '/images/json',
      query: options,
      ...call,
    });
  }

  /** `GET /images/{name}/json` */
  async imageInspect(image: string, call: CallOptions = {}): Promise<ImageInspect> {
    return this.json(this.#about(image, 'inspect', 'GET', '/json', {}, call));
  }

  /** `GET /images/{name}/history`, newest first. */
  async imageHistory(image: string, call: CallOptions = {}): Promise<ImageHistoryItem[]> {
    return this.json(this.#about(image, 'history', 'GET', '/history', {}, call));
  }

  /** `POST /images/{name}/tag`: a further name for an image. */
  async imageTag(image: string, repo: string, tag: string, call: CallOptions = {}): Promise<void> {
    return this.order(this.#about(image, 'tag', 'POST', '/tag', { repo, tag }, call));
  }

  /** `DELETE /images/{name}`: the name, and the image when it was its last. Status 409: in use. */
  async imageRemove(
    image: string,
    options: ImageRemoveOptions = {},
    call: CallOptions = {},
  ): Promise<ImageDeleteResponseItem[]> {
    return this.json(this.#about(image, 'remove', 'DELETE', '', options, call));
  }

  /**
   * `POST /images/load`: the images in a tar archive of Docker's or OCI's form, as it was saved.
   *
   * @param archive - Plain, or compressed in a way the engine knows (gzip at least).
   * @returns Progress; an `error` in it is the failure of the load.
   */
  imageLoad(
    archive: Readable,
    options: ImageLoadOptions = {},
    call: CallOptions = {},
  ): AsyncGenerator<JSONMessage> {
    return this.lines({
      operation: 'image load',
      method: 'POST',
      path: '/images/load',
      query: options,
      upload: archive,
      ...call,
    });
  }

  /**
   * `POST /images/create?fromSrc=-`: an image from the tar archive of a root file system.
   *
   * @returns Progress; the last `status` is the new image's id, an `error` is the failure.
   */
  imageImport(
    archive: Readable,
    options: Omit<ImageCreateOptions, 'fromImage' | 'fromSrc'> = {},
    call: CallOptions = {},
  ): AsyncGenerator<JSONMessage> {
    return this.lines({
      operation: 'image import',
      method: 'POST',
      path: '/images/create',
      query: { fromSrc: '-', ...options },
      upload: archive,
      ...call,
    });
  }

  /** `GET /images/get`: a tar archive of one or more images. It must be read to its end. */
  async imageSave(images: readonly string[], call: CallOptions = {}): Promise<Readable> {
    return this.open({
      operation: 'image save',
      method: 'GET',
      path: '/images/get',
      query: { names: images },
      ...call,
    });
  }

  #about(
    image: string,
    verb: string,
    method: EngineRequest['method'],
    suffix: string,
    query: object,
    call: CallOptions,
  ): EngineRequest {
    const operation = `image ${verb}`;
    return { operation, method, path: `/images/${pathName(operation, image)}${suffix}`, query, ...call };
  }
}
