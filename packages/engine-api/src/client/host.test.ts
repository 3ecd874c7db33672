import { describe, expect, it } from 'vitest';

import { parseHost } from './host.js';

describe('parseHost', () => {
  it.each([
    ['unix:///run/ns/ns.sock', { socketPath: '/run/ns/ns.sock' }],
    ['/run/ns/ns.sock', { socketPath: '/run/ns/ns.sock' }],
    ['unix:///with space/a%b', { socketPath: '/with space/a%b' }],
    ['tcp://127.0.0.1:2376', { host: '127.0.0.1', port: 2376 }],
    ['tcp://127.0.0.1', { host: '127.0.0.1', port: 2375 }],
    ['tcp://engine:80', { host: 'engine', port: 80 }],
    ['http://engine:80/', { host: 'engine', port: 80 }],
    ['tcp://[::1]:2375', { host: '::1', port: 2375 }],
  ])('%s', (text, address) => {
    expect(parseHost(text)).toEqual(address);
  });

  it.each([
    ['', 'it has no scheme'],
    ['localhost:2375', 'it has no scheme'],
    ['unix://run/ns.sock', 'the path of a unix:// address must be absolute'],
    ['ftp://x', 'unknown scheme "ftp"'],
    ['tcp://', 'a name or an address, and a port, must follow the scheme'],
    ['tcp://host:99999', 'a name or an address, and a port, must follow the scheme'],
    ['tcp://host:1/path', 'only a name or an address, and a port, may follow the scheme'],
  ])('refuses %j', (text, why) => {
    expect(() => parseHost(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_NS_INVALID_ARGUMENT',
        message: `connect: ${JSON.stringify(text)} is not the address of an engine: ${why}`,
      }),
    );
  });

  it.each(['https://host:2376', 'ssh://root@host', 'npipe:////./pipe/x'])('cannot do %s', (text) => {
    expect(() => parseHost(text)).toThrow(expect.objectContaining({ code: 'ERR_NS_UNSUPPORTED' }));
  });
});
