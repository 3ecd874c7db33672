#!/bin/bash
# Runs a command as the benchmark wants it: process 1 of a pid namespace, in a network and mount namespace of its own,
# so that nothing it starts outlives it, and nothing is seen by the machine's own network or runtimes.
set -eu
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns /run/cg
# Engines write keys and caches into the machine's own folders, whatever folder they are told to use: not for long.
for folder in /etc /var/lib; do
  layers=/run/written$folder
  mkdir -p "$layers/upper" "$layers/work"
  mount -t overlay -o "lowerdir=$folder,upperdir=$layers/upper,workdir=$layers/work" overlay "$folder" 2>/dev/null || true
done
# sysfs shows the network devices of the namespace that mounted it: mount it anew, and put the cgroups back.
mount --rbind /sys/fs/cgroup /run/cg
mount -t sysfs sysfs /sys
mount --rbind /run/cg /sys/fs/cgroup
umount -l /run/cg
# crun and lxc refuse a hybrid layout whose cgroup2 has a controller; here it looks like v1 alone.
if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
if command -v ip >/dev/null; then ip link set lo up; fi
# Not exec: this shell stays process 1 and reaps what the others leave behind.
"$@"
