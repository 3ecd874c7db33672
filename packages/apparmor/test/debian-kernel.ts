import type { AppArmorFeatures } from '../src/index.js';

/** `/sys/kernel/security/apparmor/features` of Debian 12's kernel, as it was read there. */
export const DEBIAN_6_1: AppArmorFeatures = new Map([
  ['query/label/multi_transaction', 'yes'],
  ['query/label/data', 'yes'],
  ['query/label/perms', 'allow deny audit quiet'],
  [
    'signal/mask',
    'hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont stop stp ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys emt lost',
  ],
  ['ptrace/mask', 'read trace'],
  [
    'caps/mask',
    'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore',
  ],
  [
    'rlimit/mask',
    'cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime',
  ],
  ['capability', '0xffffff'],
  ['namespaces/pivot_root', 'no'],
  ['namespaces/profile', 'yes'],
  ['mount/mask', 'mount umount pivot_root'],
  ['network_v8/tcp-fast-open', 'yes'],
  [
    'network_v8/af_mask',
    'unspec unix inet ax25 ipx appletalk netrom bridge atmpvc x25 inet6 rose netbeui security key netlink packet ash econet atmsvc rds sna irda pppox wanpipe llc ib mpls can tipc bluetooth iucv rxrpc isdn phonet ieee802154 caif alg nfc vsock kcm qipcrtr smc xdp mctp',
  ],
  ['file/mask', 'create read write exec append mmap_exec link lock'],
  ['domain/version', '1.2'],
  ['domain/attach_conditions/xattr', 'yes'],
  ['domain/computed_longest_left', 'yes'],
  ['domain/post_nnp_subset', 'yes'],
  ['domain/fix_binfmt_elf_mmap', 'yes'],
  ['domain/stack', 'yes'],
  ['domain/change_profile', 'yes'],
  ['domain/change_onexec', 'yes'],
  ['domain/change_hatv', 'yes'],
  ['domain/change_hat', 'yes'],
  ['policy/outofband', '0x000001'],
  ['policy/set_load', 'yes'],
  ['policy/versions/v9', 'yes'],
  ['policy/versions/v8', 'yes'],
  ['policy/versions/v7', 'yes'],
  ['policy/versions/v6', 'yes'],
  ['policy/versions/v5', 'yes'],
]);
