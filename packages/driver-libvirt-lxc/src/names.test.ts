import { assert as assertAll, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { domainName, partitionOf } from './names.js';

describe('the name of a domain', () => {
  it('begins with what can be read of the id', () => {
    expect(domainName('Web_1.front', '/run/a')).toMatch(/^ns-web-1-front-[0-9a-f]{16}$/);
    expect(domainName('...', '/run/a')).toMatch(/^ns-[0-9a-f]{16}$/);
  });

  it('is another one for another id or directory', () => {
    const names = [domainName('a.b', '/run/a'), domainName('a_b', '/run/a'), domainName('a.b', '/run/b')];
    expect(new Set(names).size).toBe(3);
  });

  it('is short, and no number, UUID, path or option, whatever the id', () => {
    assertAll(
      property(string({ minLength: 1, maxLength: 128 }), (id) => {
        expect(domainName(id, '/run/a')).toMatch(/^(?=.{1,52}$)ns(-[a-z0-9]+)+$/);
      }),
    );
  });

  it('is that of a cgroup with a dot, which libvirt does not change', () => {
    expect(partitionOf('ns-web')).toBe('/ns-web.libvirt');
  });
});
