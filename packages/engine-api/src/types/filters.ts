/**
 * Filters of a list: every key must match, by any of its values.
 *
 * Sent as JSON in the query `filters`. Engines also accept the older form `{"status": {"running": true}}`.
 */
export type Filters = Record<string, string[]>;
