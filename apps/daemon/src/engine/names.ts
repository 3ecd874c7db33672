import { randomInt } from 'node:crypto';

import { NsError } from '@ns/errors';

const ADJECTIVES = (
  'agile amber brave bright brisk calm candid clever cosmic crisp curious daring deft eager earnest elegant ' +
  'fearless fluent frosty gentle gifted golden happy hardy hidden honest humble jolly keen kind lively lucid ' +
  'mellow merry modest neat nimble noble patient placid polite proud quick quiet rapid resolute serene sharp ' +
  'silent sleek smart solid steady sunny swift tidy upbeat vivid warm wise witty zealous zen'
).split(' ');

const SURNAMES = (
  'allen archimedes babbage bardeen bartik bell bhabha bohr boole borg bose brahe carson cerf chandrasekhar ' +
  'church clarke colden cori curie darwin diffie dijkstra easley einstein engelbart euclid euler faraday fermat ' +
  'fermi feynman franklin galileo gauss germain goldberg goodall hamilton hawking hellman hoare hodgkin hopper ' +
  'hypatia jemison johnson kepler khorana kirch knuth kovalevskaya lamarr lamport leavitt liskov lovelace margulis ' +
  'maxwell mcclintock meitner mendel mirzakhani morse nash neumann newton nobel noether nyquist pascal pasteur ' +
  'payne perlman pike planck ramanujan ride ritchie rubin shannon shockley sinoussi stallman swartz tesla thompson ' +
  'torvalds turing vaughan villani volta wiles wilson wozniak wright yalow yonath'
).split(' ');

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const LONGEST = 255;

const pick = (list: readonly string[]): string => list[randomInt(list.length)] as string;

/** A free name of Docker's form, `adjective_surname`; a digit is appended when chance does not find one. */
export function createName(isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = `${pick(ADJECTIVES)}_${pick(SURNAMES)}${attempt < 6 ? '' : String(randomInt(10 ** (attempt - 5)))}`;
    if (!isTaken(name)) return name;
  }
}

/**
 * The name without its leading slash, checked.
 *
 * @throws {@link NsError} `ERR_NS_INVALID_ARGUMENT`
 */
export function parseName(text: string): string {
  const name = text.startsWith('/') ? text.slice(1) : text;
  if (NAME.test(name) && name.length <= LONGEST) return name;
  throw new NsError('ERR_NS_INVALID_ARGUMENT', {
    operation: 'container name',
    message: `invalid container name (${text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    hint: `Use 2 to ${LONGEST} letters, digits, underscores, full stops and hyphens, and start with a letter or digit.`,
  });
}
