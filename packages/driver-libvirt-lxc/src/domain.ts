import { xml } from './xml.js';

/** What libvirt is told of a container. */
export interface Domain {
  readonly name: string;
  readonly uuid: string;
  /** The container's id, for people. */
  readonly title: string;
  /** The directory that libvirt takes for the root. */
  readonly root: string;
  /** What is run as process 1, as it is found inside. */
  readonly program: string;
  /** The cgroup in which libvirt makes the domain's own; libvirt's choice when it is absent. */
  readonly partition?: string | undefined;
}

/** libvirt wants a limit, which would be that of its own processes: the container's are elsewhere. 1 PiB. */
const MEMORY_KIB = 2 ** 40;

/**
 * The description of a domain, for `virsh create`.
 *
 * @remarks
 * Pure. See https://libvirt.org/drvlxc.html. libvirt makes namespaces, all but those of time and cgroups, and a root that is
 * thrown away; what is in the container is made by the program that it runs, which takes all capabilities and gives up what the
 * container must not have. A security label of libvirt's would be on top of the container's own.
 *
 * @throws NsError `ERR_NS_INVALID_ARGUMENT` for what libvirt would read as something else.
 */
export function domainXml(domain: Domain): string {
  const { partition } = domain;
  return [
    `<domain type='lxc'>`,
    `<name>${xml('name', domain.name)}</name>`,
    `<uuid>${xml('uuid', domain.uuid)}</uuid>`,
    `<title>${xml('title', domain.title)}</title>`,
    `<memory unit='KiB'>${MEMORY_KIB}</memory>`,
    ...(partition === undefined
      ? []
      : [`<resource><partition>${xml('cgroup', partition)}</partition></resource>`]),
    `<os><type>exe</type><init>${xml('program', domain.program)}</init></os>`,
    `<features><capabilities policy='allow'/><privnet/></features>`,
    // Never started again by libvirt.
    ...['poweroff', 'reboot', 'crash'].map((end) => `<on_${end}>destroy</on_${end}>`),
    `<devices>`,
    `<filesystem type='mount'><source dir='${xml('path', domain.root)}'/><target dir='/'/></filesystem>`,
    // libvirt asks for one. Nobody reads it, and nobody writes to it.
    `<console type='pty'/>`,
    `</devices>`,
    `<seclabel type='none'/>`,
    `</domain>`,
    '',
  ].join('\n');
}
