# What every script of a guest has: behind a prelude that sets DIRECT and PROXIED to "portal target" and LUN. "ask NAME" waits for the test to answer.
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
# until COMMAND is true; the test has the time limit, and what is behind a long wait is on the console before it.
wait_until() {
  local tries=0
  until "$@"; do
    sleep 0.2
    tries=$((tries + 1))
    [ $((tries % 400)) -ne 0 ] || {
      echo "still waiting for $*"
      head /sys/block/sd*/device/state
      iscsiadm -m session -P 2
      ps -e -o pid,stat,wchan:24,args | grep -v '\['
    } > /dev/console 2>&1 || true
  done
}

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
# pattern BYTES SEED: that many bytes that tell their place and the seed.
pattern() { gawk -v bytes="$1" -v seed="$2" 'BEGIN { for (at = 0; at < bytes; at += 32) printf "seed %010d at %012d\n", seed, at }'; }

# In the foreground, so that the console has what it logs.
iscsid -f > /dev/console 2>&1 &
iscsid_listens() { grep -q ISCSIADM_ABSTRACT_NAMESPACE /proc/net/unix; }
wait_until iscsid_listens
