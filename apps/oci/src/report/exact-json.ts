/** JSON whose bigints are numbers with all their digits: what Go reads into a uint64. */
export const exactJson = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `\0${item}` : item)).replaceAll(
    /"\\u0000(\d+)"/g,
    '$1',
  );
