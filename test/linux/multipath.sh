# Runs in the guest, after a prelude that sets DIRECT and PROXIED to "portal target" and PRIOS to the priorities
# that multipath must see, best first. "ask NAME" waits for the test to answer.
set -Eeuo pipefail
exec 3<> /dev/ttyS1
say() { echo "$*" >&3; }
# Until the answer has come: an emulated serial port may lose it.
ask() {
  local answer=
  until [ "$answer" = "done $1" ]; do
    say "ask $1"
    IFS= read -r -t 5 answer <&3 || true
  done
}
trap 'say "failed in line $LINENO: $BASH_COMMAND"' ERR
# until COMMAND is true; the test has the time limit.
wait_until() { until "$@"; do sleep 0.2; done; }

log_in() {
  iscsiadm -m node -o new -T "$2" -p "$1"
  iscsiadm -m node -T "$2" -p "$1" --login
}
disk_of() {
  local session
  for session in /sys/class/iscsi_session/session*; do
    [ "$(cat "$session/targetname")" = "$1" ] || continue
    udevadm settle
    basename "$(readlink -f "$session"/device/target*/*:*:"$LUN"/block/*)"
    return
  done
  return 1
}
path_is() { multipathd show paths raw format '%d %t %o' | grep -q "^$1 $2 $3"; }
written_sectors() { awk '{ print $7 }' "/sys/block/$1/stat"; }
rounds() { wc -l < /run/rounds; }
more_rounds() { [ "$(rounds)" -ge "$1" ]; }
# Writes, past the page cache, and reads back through it, until told to stop.
load() {
  local n=0
  while [ ! -e /run/stop ]; do
    dd if=/dev/urandom of=/run/block bs=64k count=4 status=none
    dd if=/run/block of="/mnt/load-$((n % 8))" bs=64k oflag=direct conv=fsync status=none
    dd if="/mnt/load-$((n % 8))" bs=256k iflag=direct status=none | cmp - /run/block
    n=$((n + 1))
    echo "$n" >> /run/rounds
  done
}

iscsid
multipathd
log_in $DIRECT
log_in $PROXIED
direct=$(disk_of "${DIRECT#* }")
proxied=$(disk_of "${PROXIED#* }")
say "direct $direct, proxied $proxied"
wait_until path_is "$direct" active running
wait_until path_is "$proxied" active running
map=$(multipathd show maps raw format '%n' | head -n 1)
wait_until test -b "/dev/mapper/$map"
multipath -ll | cat >&3
# The order of the path groups with their priorities.
say "priorities $(multipath -ll | sed -n 's/.*prio=\([0-9]*\).*/\1/p' | paste -s -d ' ')"
say "direct write starts at $(written_sectors "$direct"), proxied at $(written_sectors "$proxied")"

mkfs.ext4 -q "/dev/mapper/$map"
mount "/dev/mapper/$map" /mnt
dd if=/dev/urandom of=/mnt/kept bs=1M count=16 status=none
sha256sum /mnt/kept > /run/sum
sync
fio --name=verify --filename=/mnt/fio --size=8M --rw=randwrite --bs=4k --iodepth=16 --ioengine=libaio \
  --direct=1 --verify=crc32c --output=/run/fio
say "fio verified: $(grep -c 'err= 0' /run/fio) job"
say "sectors written direct $(written_sectors "$direct"), proxied $(written_sectors "$proxied")"

: > /run/rounds
load &
wait_until more_rounds 3
ask cut
wait_until path_is "$direct" failed '.*'
n=$(rounds)
wait_until more_rounds $((n + 3))
say "after the cut: rounds $n to $(rounds), proxied wrote $(written_sectors "$proxied") sectors"
multipath -ll | cat >&3
ask heal
wait_until path_is "$direct" active running
wait_until more_rounds $(($(rounds) + 3))
before=$(written_sectors "$direct")
direct_grows() { [ "$(written_sectors "$direct")" -gt "$before" ]; }
wait_until direct_grows
say "after the heal: the direct path wrote again"
multipath -ll | cat >&3

ask cut-interconnect
wait_until path_is "$proxied" failed '.*'
wait_until more_rounds $(($(rounds) + 3))
say "without the interconnect: the direct path goes on"
multipath -ll | cat >&3
ask heal-interconnect
wait_until path_is "$proxied" active running
say "the proxied path is back"

touch /run/stop
wait
say "the load ended after $(rounds) rounds"

umount /mnt
e2fsck -f -n "/dev/mapper/$map" >&3
mount "/dev/mapper/$map" /mnt
sha256sum -c /run/sum >&3
umount /mnt
multipath -f "$map"
iscsiadm -m session -u
say passed
