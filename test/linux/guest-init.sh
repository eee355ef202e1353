#!/bin/bash
# The first process of the guest: brings up devices and the network, then runs the script that QEMU passed in as
# opt/crosspath/script. ttyS0 is the console, ttyS1 the conversation with the test (see guest.ts).
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/lock /var/lock /mnt
mount -t tmpfs tmpfs /dev/shm
exec < /dev/null > /dev/ttyS0 2>&1
ln -sf /usr/bin/gawk /usr/bin/awk
depmod -a
/lib/systemd/systemd-udevd --daemon
modprobe -a qemu_fw_cfg e1000 crc32c_generic libcrc32c ext4 sd_mod sg scsi_dh_alua dm_multipath dm_service_time iscsi_tcp
udevadm trigger
udevadm settle
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
cat /sys/firmware/qemu_fw_cfg/by_name/opt/crosspath/script/raw > /run/script
exec 3<> /dev/ttyS1
stty -F /dev/ttyS1 raw -echo
echo 'booted' >&3
bash /run/script
echo "ended $?" >&3
# QEMU runs with -no-reboot: a reboot ends it.
sync
echo b > /proc/sysrq-trigger
