import { PassThrough, Writable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import type { StreamKind } from '../logs/record.js';
import { InputHub, OutputHub, type Sink } from './hub.js';

class Collector implements Sink {
  text = '';
  isOver = false;
  takes = true;

  write(stream: StreamKind, chunk: Buffer): boolean {
    this.text += `${stream === 'stdout' ? '' : 'E:'}${chunk.toString()}`;
    return this.takes;
  }

  end(): void {
    this.isOver = true;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function running(hub: OutputHub): { stdout: PassThrough; stderr: PassThrough } {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  hub.connect(streams);
  return streams;
}

describe('OutputHub', () => {
  it('gives everything to everyone, also who came before the process ran', async () => {
    const hub = new OutputHub();
    const [early, late] = [new Collector(), new Collector()];
    hub.subscribe(early);
    const { stdout, stderr } = running(hub);
    stdout.write('one ');
    await turn();
    hub.subscribe(late);
    stderr.write('two ');
    await turn();
    stdout.end();
    stderr.end();
    await hub.drained;
    expect(early).toMatchObject({ text: 'one E:two ', isOver: true });
    expect(late).toMatchObject({ text: 'E:two ', isOver: true });
  });

  it('does not read on while a sink is full', async () => {
    const hub = new OutputHub();
    const slow = new Collector();
    slow.takes = false;
    const place = hub.subscribe(slow);
    const { stdout } = running(hub);
    stdout.write('one');
    await turn();
    stdout.write('two');
    await turn();
    expect(slow.text).toBe('one');
    slow.takes = true;
    place.resume();
    await turn();
    expect(slow.text).toBe('onetwo');
  });

  it('is not held up by a sink that has left', async () => {
    const hub = new OutputHub();
    const [slow, log] = [new Collector(), new Collector()];
    slow.takes = false;
    const place = hub.subscribe(slow);
    hub.subscribe(log);
    const { stdout, stderr } = running(hub);
    stdout.write('one');
    await turn();
    stdout.end('two');
    stderr.end();
    place.close();
    await hub.drained;
    expect(log.text).toBe('onetwo');
    expect(slow.text).toBe('one');
  });

  it('leaves a client behind that takes nothing after the end', async () => {
    const hub = new OutputHub();
    const [slow, log] = [new Collector(), new Collector()];
    slow.takes = false;
    hub.subscribe(slow);
    hub.subscribe(log);
    const { stdout, stderr } = running(hub);
    stdout.write('one');
    await turn();
    stdout.end('two');
    stderr.end();
    hub.hurry(10);
    await hub.drained;
    expect(log.text).toBe('onetwo');
    expect(slow.isOver).toBe(true);
  });

  it('takes the error of a broken stream for its end', async () => {
    const hub = new OutputHub();
    const { stdout, stderr } = running(hub);
    stderr.end();
    stdout.destroy(new Error('EIO'));
    await expect(hub.drained).resolves.toBeUndefined();
  });

  it('is over at once for who comes too late', () => {
    const hub = new OutputHub();
    hub.end();
    const late = new Collector();
    hub.subscribe(late);
    expect(late.isOver).toBe(true);
    expect(hub.subscribers).toBe(0);
  });
});

describe('InputHub', () => {
  it('holds what comes before the process runs', async () => {
    const hub = new InputHub();
    const written = hub.write(Buffer.from('early'));
    const target = new PassThrough();
    hub.connect(target);
    await written;
    await hub.close();
    expect(target.read()?.toString()).toBe('early');
    expect(target.writableEnded).toBe(true);
  });

  it('waits while the process does not read', async () => {
    const hub = new InputHub();
    let release = (): void => undefined;
    const target = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void (release = done),
    });
    hub.connect(target);
    let isTaken = false;
    const written = hub.write(Buffer.from('xx')).then(() => (isTaken = true));
    await turn();
    expect(isTaken).toBe(false);
    release();
    await written;
  });

  it('throws away what nobody will read', async () => {
    const none = new InputHub();
    none.connect(undefined);
    await none.write(Buffer.from('lost'));
    const closed = new InputHub();
    const target = new PassThrough();
    closed.connect(target);
    target.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    await turn();
    await closed.write(Buffer.from('lost'));
    expect(target.readableLength).toBe(0);
  });

  it('lets go of who waits when the run does not come', async () => {
    const hub = new InputHub();
    const waiting = hub.write(Buffer.from('x'));
    hub.end();
    await expect(waiting).resolves.toBeUndefined();
  });
});
