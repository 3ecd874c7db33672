import { execFileSync } from 'node:child_process';

/** A message that nft(8) sent. */
export interface SentMessage {
  /** The low byte of `nlmsg_type`: `NFT_MSG_*`. */
  readonly type: number;
  /** Its attributes, without the header. */
  readonly attributes: string;
}

/**
 * The messages of a batch that nft(8) makes of a ruleset, from what `--debug=mnl` prints: for each attribute a line with
 * length, flags and type, and the bytes four on a line.
 */
export function sentByNft(ruleset: string): SentMessage[] {
  const output = execFileSync('nft', ['--debug=mnl', '-f', '-'], { input: ruleset, encoding: 'utf8' });
  // oxlint-disable-next-line no-control-regex -- colours
  const lines = output.replaceAll(/\x1b\[[0-9;]*m/g, '').split('\n');
  const messages: { type: number; bytes: number[] }[] = [];
  for (const line of lines) {
    const header = /^\| (\d{5}) \|/.exec(line);
    const attribute = /^\|(\d{5})\|(.)(.)\|(\d{5})\|/.exec(line);
    const data = /^\| ((?:[0-9a-f]{2} ){3}[0-9a-f]{2}) {2}\|\t\|( +data +)\|/.exec(line);
    if (header !== null) messages.push({ type: Number(header[1]), bytes: [] });
    else if (attribute !== null) {
      const length = Number(attribute[1]);
      const type = Number(attribute[4]) | (attribute[2] === 'N' ? 0x8000 : 0);
      messages.at(-1)!.bytes.push(length & 0xff, length >> 8, type & 0xff, type >> 8);
    } else if (data !== null) {
      messages.at(-1)!.bytes.push(...data[1]!.split(' ').map((byte) => Number.parseInt(byte, 16)));
    }
  }
  const NFTABLES = 10;
  return messages
    .filter(({ type, bytes }) => type >> 8 === NFTABLES && bytes.length > 0)
    .map(({ type, bytes }) => ({ type: type & 0xff, attributes: Buffer.from(bytes).toString('hex') }));
}
