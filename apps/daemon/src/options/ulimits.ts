import type { Ulimit } from '@ns/engine-api';

import { type Kind, quote, ValueError, wrongType } from './kind.js';

const SHAPE = 'a limit NAME=SOFT[:HARD]: nofile=1024:2048';
const FILE_SHAPE = '{"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 2048}}';

/** Limits of processes: `nofile=1024:2048`, `nproc=64`; -1 is unlimited. In the file as Docker's has them. */
export const ulimits: Kind<readonly Ulimit[]> = {
  isList: true,
  isSwitch: false,
  ofFlag: (texts) =>
    texts.map((text) => {
      const [, Name = '', soft = '', hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
      return checked({ Name, Soft: Number(soft), Hard: Number(hard) }, `'${text}' is not ${SHAPE}`);
    }),
  ofFile: (json) => {
    if (!isObject(json)) throw wrongType(json, `an object of limits: ${FILE_SHAPE}`);
    return Object.entries(json).map(([name, limit]) => {
      const { Name = name, Soft, Hard } = isObject(limit) ? limit : {};
      const wrong = `${quote({ [name]: limit })} is not a limit: ${FILE_SHAPE}`;
      if (Name !== name || typeof Soft !== 'number' || typeof Hard !== 'number') throw new ValueError(wrong);
      return checked({ Name, Soft, Hard }, wrong);
    });
  },
  show: (limits) => limits.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`).join(' '),
};

function checked(limit: Ulimit, otherwise: string): Ulimit {
  const { Name, Soft, Hard } = limit;
  const isWhole = Number.isSafeInteger(Soft) && Number.isSafeInteger(Hard);
  const isOrdered = Hard === -1 || (Soft !== -1 && Soft <= Hard);
  if (/^[a-z]+$/.test(Name) && isWhole && Soft >= -1 && Hard >= -1 && isOrdered) return limit;
  throw new ValueError(otherwise);
}

export const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
