import { randomBytes } from 'node:crypto';

const FULL_ID = /^[0-9a-f]{64}$/;
const NUMERIC = /^\d+$/;

/** A fresh container, exec or volume id: 64 hexadecimal digits, never all decimal in its short form. */
export function createId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    // The short id becomes the host name, and programs take an all-digit host name for an IPv4 address.
    if (!NUMERIC.test(shortId(id))) return id;
  }
}

/** The first 12 digits, as `docker ps` shows them. */
export const shortId = (id: string): string => id.slice(0, 12);

export const isFullId = (text: string): boolean => FULL_ID.test(text);
