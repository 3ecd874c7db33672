// See frames.d.mts. Plain JavaScript: to strip types costs an emulated machine seconds.
import { deserialize, serialize } from 'node:v8';

const HEADER = 4;

export function frame(message) {
  const body = serialize(message);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

export function unframer(onMessage) {
  let chunks = [];
  let have = 0;
  return (chunk) => {
    chunks.push(chunk);
    have += chunk.length;
    while (have >= HEADER) {
      // Joined only when a message is whole, so that a long one is not copied with each piece.
      if (chunks[0].length < HEADER) chunks = [Buffer.concat(chunks)];
      const end = HEADER + chunks[0].readUInt32LE();
      if (have < end) return;
      const all = Buffer.concat(chunks);
      chunks = [all.subarray(end)];
      have -= end;
      onMessage(deserialize(all.subarray(HEADER, end)));
    }
  };
}
