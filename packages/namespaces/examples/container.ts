// needs: root linux overlayfs
/** Runs a command on a throw-away copy of this machine's root, in namespaces of its own. */
import * as ns from '@ns/namespaces';
import * as sys from '@ns/syscall';

const { sources, cloneFlags } = ns.planNamespaces({ hostname: 'box' });
using root = ns.prepareRoot({ kind: 'overlay', lower: ['/'] }, { tmpfsUpper: true });
const { steps: attach, rootFd } = ns.attachRoot({ root: root.inChild ?? 4, at: '/mnt' });
const own = ns.defaultMounts({ rootFd, sources });
const flags = ['flags', 8, cloneFlags] as const;
const zero = ['', 8, 0] as const;
const args = sys.struct([flags, zero, zero, zero, ['exit_signal', 8, sys.SIG.SIGCHLD], zero, zero, zero]);
const script = 'uname -n; echo process $$; touch /tried && ls -d /tried; ls /sys/class/net';
const pid = sys.slot('pid');

const child = sys.group(
  'container',
  attach,
  own.steps,
  ns.setNames({ hostname: 'box' }),
  ns.maskPaths({ ...own, rootFd, paths: ns.MASKED_PATHS }),
  ns.readonlyPaths({ ...own, rootFd, paths: ns.READONLY_PATHS }),
  ns.pivotRoot({ rootFd }),
  sys.call('close_range', [3, ~0 >>> 0, sys.CLOSE_RANGE.CLOSE_RANGE_CLOEXEC], { what: 'keep 0 to 2' }),
  sys.call('execve', [sys.cstr('/bin/sh'), sys.strings(['sh', '-c', script]), sys.strings([])], {
    what: 'run /bin/sh',
  }),
);
const wait = sys.call('wait4', [pid, 0, 0, 0], { what: 'wait for it' });
const steps = [sys.clone({ what: 'create the container', args, into: pid, child: [child] }), wait];
const image = sys.compile({ title: 'box', statusFd: 3, failureStatus: 111, steps });

using loaded = sys.loadImage(image);
using status = sys.pipe();
const fds = { 0: 0, 1: 1, 2: 2, 3: status.write.fd, ...(root.fd && { 4: root.fd.fd }) };
const monitor = sys.spawn(loaded.path, { argv: ['box'], fds });
status.write.close();
const record = sys.readAll(status.read.fd, sys.FAILURE_RECORD_SIZE);
sys.syscall('wait for the monitor', 'wait4', monitor, null, 0, null);
if (record.length > 0) throw sys.failureOf(image, record).error;
