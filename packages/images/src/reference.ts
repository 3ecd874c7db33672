import { type Digest, isDigest } from './digest.js';
import { invalid } from './failure.js';

/** A name of an image, complete: what Docker makes of `busybox`. */
export interface Reference {
  /** `docker.io`, `localhost:5000` */
  readonly domain: string;
  /** `library/busybox` */
  readonly repository: string;
  /** `domain/repository` */
  readonly name: string;
  /** What was given, or undefined. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
const MAX_NAME = 255;

const LABEL = '[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]';
const DOMAIN = new RegExp(`^((${LABEL})(\\.(${LABEL}))*|\\[[a-fA-F0-9:]+\\])(:[0-9]+)?$`);
const COMPONENT = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(/${COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;

/**
 * A name as people write it, made complete: `busybox` is `docker.io/library/busybox`.
 *
 * @remarks
 * The grammar is that of Docker and the registries: `[DOMAIN/]PATH[:TAG][@DIGEST]`, where the first component is a
 * domain when it has a dot, a colon or an upper-case letter, or is `localhost`. No tag is added.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` saying which part is wrong.
 */
export function parseReference(text: string): Reference {
  const refuse = (fact: string, hint?: string): Error =>
    invalid('image name', `${JSON.stringify(text.slice(0, 300))} ${fact}`, { hint });
  if (text === '') throw invalid('image name', 'it is empty');
  if (/^[0-9a-f]{64}$/.test(text)) throw refuse('is an image id and cannot be a name');
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw refuse('has no valid digest', 'a digest is "sha256:" and 64 hexadecimal digits in lower case');
  }
  const tagged = at < 0 ? text : text.slice(0, at);
  const colon = tagged.lastIndexOf(':');
  // A colon before a slash belongs to a port.
  const hasTag = colon >= 0 && !tagged.includes('/', colon);
  const tag = hasTag ? tagged.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    throw refuse(
      `has the invalid tag ${JSON.stringify(tag)}`,
      'letters, digits, "_", "." and "-", at most 128',
    );
  }
  const { domain, repository } = splitDomain(hasTag ? tagged.slice(0, colon) : tagged);
  if (!DOMAIN.test(domain)) throw refuse(`has the invalid registry ${JSON.stringify(domain)}`);
  if (repository !== repository.toLowerCase()) {
    throw refuse('has upper-case letters', `write ${repository.toLowerCase()}`);
  }
  if (!REPOSITORY.test(repository)) {
    throw refuse(
      'is no name of an image',
      'lower-case letters, digits and single separators: name, user/name',
    );
  }
  const name = `${domain}/${repository}`;
  if (repository.length > MAX_NAME) throw refuse(`is longer than ${MAX_NAME} characters`);
  return { domain, repository, name, tag, digest };
}

function splitDomain(name: string): { domain: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isDomain ? first : DEFAULT_DOMAIN;
  const rest = isDomain ? name.slice(slash + 1) : name;
  const home = domain === LEGACY_DOMAIN ? DEFAULT_DOMAIN : domain;
  const isOfficial = home === DEFAULT_DOMAIN && !rest.includes('/');
  return { domain: home, repository: isOfficial ? `${OFFICIAL}${rest}` : rest };
}

/** The complete name with its tag, `latest` when it has none: `docker.io/library/busybox:latest`. */
export function fullName({ name, tag }: Reference): string {
  return `${name}:${tag ?? 'latest'}`;
}

/** The name as people write it, without what is understood: `busybox`. */
export function familiarName({ domain, repository }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${repository}`;
  const rest = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : repository;
  return rest.includes('/') && repository.startsWith(OFFICIAL) ? repository : rest;
}

/** The name as people write it, with its tag: `busybox:latest`. */
export function familiarTag(reference: Reference): string {
  return `${familiarName(reference)}:${reference.tag ?? 'latest'}`;
}

/**
 * A name that an image can be given.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for one with a digest, too: that is what an image has, not what it is given.
 */
export function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return { ...reference, tag: reference.tag ?? 'latest' };
  throw invalid('image name', `${JSON.stringify(text)} has a digest, which no image can be given`, {
    hint: 'name it without what follows the @',
  });
}
