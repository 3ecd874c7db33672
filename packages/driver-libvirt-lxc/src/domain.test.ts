import { describe, expect, it } from 'vitest';

import { domainXml, type Domain } from './domain.js';

const DOMAIN: Domain = {
  name: 'ns-web-0123456789abcdef',
  uuid: '8f1ed3cf-90a0-4a3e-a3f0-9e1f7e9c7c11',
  title: 'web',
  root: '/run/ns/root',
  program: '/proc/self/fd/4',
};

describe('the description of a domain', () => {
  it('is all that libvirt needs', () => {
    expect(domainXml({ ...DOMAIN, partition: '/ns-web-0123456789abcdef.libvirt' })).toBe(
      `<domain type='lxc'>
<name>ns-web-0123456789abcdef</name>
<uuid>8f1ed3cf-90a0-4a3e-a3f0-9e1f7e9c7c11</uuid>
<title>web</title>
<memory unit='KiB'>1099511627776</memory>
<resource><partition>/ns-web-0123456789abcdef.libvirt</partition></resource>
<os><type>exe</type><init>/proc/self/fd/4</init></os>
<features><capabilities policy='allow'/><privnet/></features>
<on_poweroff>destroy</on_poweroff>
<on_reboot>destroy</on_reboot>
<on_crash>destroy</on_crash>
<devices>
<filesystem type='mount'><source dir='/run/ns/root'/><target dir='/'/></filesystem>
<console type='pty'/>
</devices>
<seclabel type='none'/>
</domain>
`,
    );
  });

  it('leaves the cgroup to libvirt', () => {
    expect(domainXml(DOMAIN)).not.toContain('resource');
  });

  it('is no other one, whatever the path is', () => {
    const root = `/a'/></filesystem><filesystem type='mount'><source dir='/etc'/><target dir='/x'/><!--`;
    const text = domainXml({ ...DOMAIN, root });
    expect(text.match(/<filesystem/g)).toHaveLength(1);
    expect(text.split('\n')).toHaveLength(domainXml(DOMAIN).split('\n').length);
    expect(() => domainXml({ ...DOMAIN, root: '/a\u0001' })).toThrow(/path/);
  });
});
