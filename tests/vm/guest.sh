#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: Apache-2.0
# The init of a machine under test: mounts, then does what /steps lists, a line each "NAME SECONDS COMMAND", and
# writes what each said and how it ended to the second serial line. Never ends but by switching off.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp NO_COLOR=1 LC_ALL=C.UTF-8
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
mount -t tmpfs none /run
mount -t cgroup2 none /sys/fs/cgroup
mount -t bpf none /sys/fs/bpf
mount -t securityfs none /sys/kernel/security
ip link set lo up
hostname guest
stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1

echo "kernel $(uname -r)" >&3
while read -r name seconds command; do
  begun=$(cut -d' ' -f1 /proc/uptime)
  timeout -s KILL "$seconds" sh -c "$command" >/tmp/said 2>&1 </dev/null
  ended=$?
  echo "--- $name $ended $begun $(cut -d' ' -f1 /proc/uptime)" >&3
  cat /tmp/said >&3
done </steps
echo "--- end 0 0 0" >&3
exec 3>&-
sleep 0.2
reboot -f
