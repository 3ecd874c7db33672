// needs: root linux ip
/** Gives a process a network of its own, made by the program that starts it. */
import { configureInterfaces, createInterfaces, openRouteSocket, type ContainerNetwork } from '@ns/netfw';
import { call, CLONE, compile, cstr, loadImage, slot, spawn, strings, syscall, waitPid } from '@ns/syscall';

// Stands for the host, which this example leaves alone.
syscall('get a network of its own', 'unshare', CLONE.CLONE_NEWNET);

const network: ContainerNetwork = {
  interfaces: [
    { name: 'eth0', link: { kind: 'veth', hostName: 'veth1' }, addresses: ['172.20.0.2/16'], mtu: 1400 },
  ],
  gateways: ['172.20.0.1'],
};
const [host, pid] = [slot('host'), slot('pid')];
using program = loadImage(
  compile({
    title: 'ip in a network of its own',
    statusFd: 2,
    failureStatus: 111,
    steps: [
      openRouteSocket(host),
      call('unshare', [CLONE.CLONE_NEWNET], { what: 'leave the host' }),
      call('getpid', [], { what: 'ask for its pid', into: pid }),
      ...createInterfaces(network, { socket: host, pid }),
      ...configureInterfaces(network),
      call('execve', [cstr('/sbin/ip'), strings(['ip', '-o', '-4', 'route']), strings([])], {
        what: 'run ip',
      }),
    ],
  }),
);
const child = spawn(program.path, { argv: ['example'], fds: { 1: 1, 2: 2 } });
while (waitPid(child) === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
