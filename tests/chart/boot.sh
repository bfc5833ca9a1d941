#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Boots a Debian whose root is TREE with a package installed into it, as a container: its own mount, pid, network, UTS,
# IPC and cgroup namespaces, systemd as their first process. TREE stays as it is: what is written goes to WORK.
# Its cgroup tree is a part of the host's, so the agent in it is told `cgroup: /sys/fs/cgroup`.
# usage: boot.sh TREE WORK PACKAGE.deb CGROUP (an empty directory of the host's cgroup v2 tree)
set -eu

echo $$ >"$4/cgroup.procs"
# shellcheck disable=SC2016  # for the inner shell
exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup sh -euc '
  tree=$1 work=$2 package=$3
  root=$work/root
  mount --make-rprivate /
  mount -t tmpfs tmpfs "$work"
  mkdir "$root" "$work/upper" "$work/inner"
  mount -t overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/inner" overlay "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs tmpfs "$root/run"
  mount -t tmpfs tmpfs "$root/tmp"
  mount -t cgroup2 none "$root/sys/fs/cgroup"
  ip link set lo up
  cp "$package" "$root/fanfare.deb"
  DEBIAN_FRONTEND=noninteractive chroot "$root" dpkg -i /fanfare.deb
  echo "cgroup: /sys/fs/cgroup" >>"$root/etc/fanfare/fanfare.yaml"
  cd "$root"
  mkdir -p run/old
  pivot_root . run/old
  umount -l run/old
  exec env -i container=fanfare-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --unit=multi-user.target --show-status=no
' sh "$1" "$2" "$3"
