# One multipath device over both paths, by ALUA: each path dies under load, and comes back.
path_is() { multipathd show paths raw format '%d %t %o' | grep -q "^$1 $2 $3"; }
written_sectors() { awk '{ print $7 }' "/sys/block/$1/stat"; }
rounds() { wc -l < /run/rounds; }
more_rounds() { [ "$(rounds)" -ge "$1" ]; }
# Whole passes over one file, past the page cache, each with a pattern of its own that is read back in full: so a block of the pass before shows.
load() {
  local n=0
  while [ ! -e /run/stop ]; do
    pattern 524288 "$n" > /run/pass
    dd if=/run/pass of=/mnt/pass bs=64k oflag=direct conv=fsync,notrunc status=none
    dd if=/mnt/pass bs=128k iflag=direct status=none | cmp - /run/pass
    n=$((n + 1))
    echo "$n" >> /run/rounds
  done
}
direct_comes_back() {
  local before
  wait_until path_is "$direct" active running
  before=$(written_sectors "$direct")
  direct_grows() { [ "$(written_sectors "$direct")" -gt "$before" ]; }
  wait_until direct_grows
  wait_until more_rounds $(($(rounds) + 2))
}
# What `ask $1` does ends the direct path; the load goes on by the other one.
load_without_direct() {
  local n
  ask "$1"
  wait_until path_is "$direct" failed '.*'
  n=$(rounds)
  wait_until more_rounds $((n + 2))
  say "after the $1: rounds $n to $(rounds), proxied wrote $(written_sectors "$proxied") sectors"
  multipath -ll | cat >&3
}

multipathd -d > /dev/console 2>&1 &
multipathd_listens() { multipathd show status > /dev/null 2>&1; }
wait_until multipathd_listens
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
wait_until more_rounds 2
for cut in reset silence; do
  load_without_direct "$cut"
  ask heal-$cut
  direct_comes_back
  say "after the heal: the direct path wrote again"
done

ask cut-interconnect
wait_until path_is "$proxied" failed '.*'
wait_until more_rounds $(($(rounds) + 2))
say "without the interconnect: the direct path goes on"
multipath -ll | cat >&3
ask heal-interconnect
wait_until path_is "$proxied" active running
say "the proxied path is back"

touch /run/stop
wait %load
say "the load ended after $(rounds) rounds"

umount /mnt
e2fsck -f -n "/dev/mapper/$map" >&3
mount "/dev/mapper/$map" /mnt
sha256sum -c /run/sum >&3
umount /mnt
multipath -f "$map"
iscsiadm -m session -u
say passed
