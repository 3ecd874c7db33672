import { lxcDriver } from '@ns/driver-lxc';
import { mkdtempSync, readFileSync, cpSync } from 'node:fs';
const s = mkdtempSync('/tmp/lxcx/state-');
const d = lxcDriver({ stateRoot: s });
const mode = process.argv[2];
const map = [{ inside: 0, outside: 100_000, length: 65_536 }];
const base = { root: { kind: 'directory', path: mode === 'user' ? '/tmp/lxcx/st/root' : '/tmp/lxcx/root' }, process: { args: ['/bin/sh', '-c', 'id; cat; cat /proc/self/uid_map'], env: ['PATH=/bin'] } } as const;
const a = await d.create({ id: 'a', ...base, ...(mode === 'user' ? { namespaces: { user: 'new' }, uidMap: map, gidMap: map } : {}) } as never);
try {
  await a.start();
  if (mode === 'pid') {
    const b = await d.create({ id: 'b', ...base, namespaces: { pid: { pid: a.pid! } } } as never);
    try { await b.start(); console.log('b started', b.pid); } catch (e) { console.log(e); console.log(await b.wait().catch(String)); console.log(readFileSync(s + '/b/driver/log', 'utf8')); }
    await b.destroy();
  }
  a.streams!.stdin!.end();
  a.streams!.stdout!.on('data', (x) => process.stdout.write(x));
  a.streams!.stderr!.on('data', (x) => process.stdout.write('E:' + x));
  console.log(await a.wait());
} catch (e) { console.log(e); try { console.log(readFileSync(s + '/a/driver/log', 'utf8')); } catch {} }
await a.destroy();
