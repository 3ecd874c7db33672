/** Move interfaces of the host into a container's network namespace, with other names. */
export function moveNetDevices(_devices: Readonly<Record<string, string>>, _pid: number): void {}
