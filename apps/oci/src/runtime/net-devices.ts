import { NsError } from '@ns/errors';
import {
  addAddressMessage,
  getLink,
  listAddresses,
  openRtnetlink,
  requestInside,
  setLink,
  setLinkMessage,
  type Link,
  type Message,
  type NetlinkSocket,
} from '@ns/netfw';
import { IFA_F, O, openat2 } from '@ns/syscall';

/**
 * Move interfaces of the host into a container's network namespace, with the names they have there.
 *
 * @remarks
 * Their permanent addresses of global scope go with them, and they come up: config-linux.md, "Network Devices". The
 * kernel takes addresses from an interface that is moved. When the container ends, those of hardware go back to the host.
 *
 * @param pid - The container's first process.
 * @throws {@link NsError} `ERR_NS_NOT_FOUND` when the host has no such interface
 */
export async function moveNetDevices(devices: Readonly<Record<string, string>>, pid: number): Promise<void> {
  const entries = Object.entries(devices);
  if (entries.length === 0) return;
  using socket = openRtnetlink();
  using namespace = openat2(`/proc/${pid}/ns/net`, { flags: O.O_RDONLY });
  const links = entries.map(([host, name]): [Link, string] => [find(socket, host), name]);
  const messages: Message[] = [];
  for (const [link, name] of links) {
    const { index } = link;
    const addresses = listAddresses(socket, index).filter(
      ({ scope, flags }) => scope === 'global' && (flags & IFA_F.IFA_F_PERMANENT) !== 0,
    );
    // An interface that is up can neither be renamed nor moved.
    setLink(socket, index, { isUp: false });
    setLink(socket, index, { netns: { fd: namespace.fd }, name });
    messages.push(
      ...addresses.map(({ address, broadcast }) => addAddressMessage(index, { address, broadcast })),
      setLinkMessage(index, { isUp: true }),
    );
  }
  await requestInside({ fd: namespace.fd }, messages);
}

function find(socket: NetlinkSocket, name: string): Link {
  const link = getLink(socket, name);
  if (link !== undefined) return link;
  throw new NsError('ERR_NS_NOT_FOUND', {
    operation: 'linux.netDevices',
    message: `there is no interface ${name} on the host`,
    hint: 'ip link shows those that are there',
  });
}
