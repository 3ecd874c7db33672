import { connect, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/**
 * A message of protocol buffers by its field numbers: a number, a text, a message, or a list of them. What is undefined
 * is left out.
 */
export type Message = { readonly [field: number]: Value | undefined };
type Value = number | string | Message | readonly (string | Message)[];

/** A message as bytes: what the client of CRI needs of protocol buffers. */
export const encode = (message: Message): Buffer =>
  Buffer.concat(
    Object.entries(message).flatMap(([field, value]) =>
      value === undefined
        ? []
        : typeof value === 'object' && Array.isArray(value)
          ? value.map((one: string | Message) => encodeField(Number(field), one))
          : [encodeField(Number(field), value)],
    ),
  );

function encodeField(field: number, value: number | string | Message): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(field * 8), varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : encode(value);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

/** What a message says in a field, the last time: a number, or the bytes of a text or message. */
export class Decoded {
  readonly #fields = new Map<number, number | Buffer>();

  constructor(bytes: Buffer) {
    let at = 0;
    const number = (): number => {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes[at++]!;
        value += (byte % 128) * factor;
        if (byte < 128) return value;
      }
    };
    while (at < bytes.length) {
      const tag = number();
      const value = tag % 8 === 2 ? number() : undefined;
      if (value === undefined) this.#fields.set(Math.floor(tag / 8), number());
      else this.#fields.set(Math.floor(tag / 8), bytes.subarray(at, (at += value)));
    }
  }

  /** Zero when it is not there, as protocol buffers have it. */
  number(field: number): number {
    const value = this.#fields.get(field);
    return typeof value === 'number' ? value : 0;
  }

  text(field: number): string {
    return this.#bytes(field).toString();
  }

  message(field: number): Decoded {
    return new Decoded(this.#bytes(field));
  }

  #bytes(field: number): Buffer {
    const value = this.#fields.get(field);
    return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
  }
}

/**
 * Call a method of the Container Runtime Interface: gRPC is HTTP/2 with five bytes before each message, and a status behind
 * it.
 */
export function call(socket: string, method: string, request: Message): Promise<Decoded> {
  const client = connect('http://localhost', { createConnection: () => connectSocket(socket) });
  return new Promise<Decoded>((resolve, reject) => {
    client.on('error', reject);
    const stream = client.request({
      ':method': 'POST',
      ':path': `/runtime.v1.RuntimeService/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let [status, message] = ['', ''];
    const look = (headers: IncomingHttpHeaders): void => {
      const { 'grpc-status': code, 'grpc-message': text = '' } = headers;
      if (typeof code === 'string') status = code;
      if (typeof text === 'string') message = decodeURIComponent(text);
    };
    stream.on('response', look);
    stream.on('trailers', look);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      if (status === '0') resolve(new Decoded(Buffer.concat(chunks).subarray(5)));
      else reject(new Error(`${method}: status ${status}: ${message}`));
    });
    const body = encode(request);
    const head = Buffer.alloc(5);
    head.writeUInt32BE(body.length, 1);
    stream.end(Buffer.concat([head, body]));
  }).finally(() => client.close());
}
