/** A string-to-string map of the user's: labels, options, annotations. */
export type StringMap = Record<string, string>;

/** A set as the API writes it: `{"/data": {}}`. */
export type EmptyObjectMap = Record<string, Record<string, never>>;

/** RFC 3339 with up to nanoseconds, in UTC. "Never" is {@link ZERO_TIME}. */
export type Timestamp = string;

/** How the API writes "never": Go's zero time. */
export const ZERO_TIME: Timestamp = '0001-01-01T00:00:00Z';
