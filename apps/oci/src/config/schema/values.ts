import * as v from 'valibot';

import { show } from '../invalid.js';

/** A fact about an input, for a message. */
const wrong =
  (fact: string) =>
  (issue: v.BaseIssue<unknown>): string =>
    `${show(issue.input)} is ${fact}`;

/** An integer from `min` to `max`. */
export const integer = (min: number, max: number): v.GenericSchema<number> =>
  v.custom<number>(
    (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
    wrong(`no integer from ${min} to ${max}`),
  );

/** A uid or gid: 4294967295 means "no id". */
export const id: v.GenericSchema<number> = integer(0, 0xffff_fffe);
/** An unsigned integer of 32 bits. */
export const u32: v.GenericSchema<number> = integer(0, 0xffff_ffff);

const U64_MAX = (1n << 64n) - 1n;
const I64_MAX = (1n << 63n) - 1n;

const isInteger = (value: unknown, min: bigint, max: bigint): value is number | bigint =>
  (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) &&
  value >= min &&
  value <= max;

/** An unsigned integer of 64 bits. */
export const u64: v.GenericSchema<number | bigint> = v.custom<number | bigint>(
  (value) => isInteger(value, 0n, U64_MAX),
  wrong('no unsigned integer of 64 bits'),
);
/** An integer of 64 bits. */
export const i64: v.GenericSchema<number | bigint> = v.custom<number | bigint>(
  (value) => isInteger(value, -I64_MAX - 1n, I64_MAX),
  wrong('no integer of 64 bits'),
);

/** Text. */
export const text: v.GenericSchema<string> = v.custom<string>(
  (value) => typeof value === 'string',
  wrong('no string'),
);
/** Text that is not empty. */
export const someText: v.GenericSchema<string> = v.custom<string>(
  (value) => typeof value === 'string' && value !== '',
  wrong('no text'),
);
/** True or false. */
export const flag: v.GenericSchema<boolean> = v.custom<boolean>(
  (value) => typeof value === 'boolean',
  wrong('neither true nor false'),
);

/** A path from the root directory. */
export const absolutePath: v.GenericSchema<string> = v.custom<string>(
  (value) => typeof value === 'string' && value.startsWith('/'),
  wrong('no absolute path'),
);

/** One of some words. */
export const oneOf = <const Word extends string>(words: readonly Word[]): v.GenericSchema<Word> =>
  v.custom<Word>((value) => words.includes(value as Word), wrong(`not known: one of ${words.join(', ')} is`));

/** A list. */
export const list = <const Item extends v.GenericSchema>(
  item: Item,
): v.ArraySchema<Item, (issue: v.BaseIssue<unknown>) => string> => v.array(item, wrong('no list'));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object whose other members, which a newer specification may have, are ignored. */
export const object = <const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.GenericSchema<unknown, v.InferOutput<v.ObjectSchema<Entries, undefined>>> =>
  // valibot's own takes a list for an object.
  v.pipe(v.custom<unknown>(isObject, wrong('no object')), v.object(entries));

/** A member that need not be there. */
export const optional = v.optional;

/** An object whose members are not known beforehand. */
export const record = <const Item extends v.GenericSchema>(
  item: Item,
): v.GenericSchema<Record<string, v.InferOutput<Item>>> =>
  v.pipe(
    v.custom<Record<string, unknown>>(isObject, wrong('no object')),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      // valibot's own record leaves out members whose names are those of Object.prototype.
      for (const [key, value] of Object.entries(dataset.value)) {
        const result = v.safeParse(item, value, { abortEarly: true });
        if (result.success) continue;
        const [issue] = result.issues;
        addIssue({
          message: issue.message,
          input: issue.input,
          path: [
            { type: 'object', origin: 'value', input: dataset.value, key, value },
            ...((issue.path ?? []) as never[]),
          ],
        });
        return NEVER;
      }
      return dataset.value;
    }),
  );
