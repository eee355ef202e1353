# sg3_utils over both paths of one unit, without multipath: the same unit answers, and what one path does the other sees.
MIB=1048576
on_both() { say "$1"; shift; "$@" "$direct" > /run/by-direct; "$@" "$proxied" > /run/by-proxied; cmp /run/by-direct /run/by-proxied; cat /run/by-direct >&3; }
# The exit status must be that one: sg3_utils give one for each kind of sense.
exits() { local want=$1 got=0; shift; "$@" > /run/exits 2>&1 || got=$?; [ "$got" = "$want" ] || { say "exit $got of $*: $(cat /run/exits)"; return 1; }; }
attentions_gone() { sg_turs "$1" > /dev/null 2>&1; }
settle() { wait_until attentions_gone "$direct"; wait_until attentions_gone "$proxied"; }
write_by() { dd if="$2" of="$1" bs=64k oflag=direct seek="$3" status=none; }
holds() { dd if="$1" bs=64k iflag=direct skip="$3" count=$(($(stat -c %s "$2") / 65536)) status=none | cmp - "$2"; }

log_in $DIRECT
log_in $PROXIED
direct=/dev/$(disk_of "${DIRECT#* }")
proxied=/dev/$(disk_of "${PROXIED#* }")
say "direct $direct, proxied $proxied"
settle

on_both 'standard INQUIRY' sg_inq -d
for page in 0x00 0x80 0x86 0x87 0x88 0x8f 0xb0 0xb1 0xb2 di_lu; do on_both "VPD $page" sg_vpd -p "$page"; done
on_both 'REPORT LUNS' sg_luns
on_both 'READ CAPACITY (16)' sg_readcap --16
on_both 'REPORT TARGET PORT GROUPS' sg_rtpg -d
on_both 'REPORT SUPPORTED OPERATION CODES' sg_opcodes -a
on_both 'REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS' sg_opcodes -t
on_both 'MODE SENSE' sg_modes -a -6
on_both 'LOG SENSE' sg_logs -L
say 'identified'

# Whole passes over 4 MiB, each with a pattern of its own, written by one path and read back in full by the other.
for pass in 1 2 3 4; do
  pattern $((4 * MIB)) "$pass" > /run/pass
  if [ $((pass % 2)) = 1 ]; then writer=$proxied reader=$direct; else writer=$direct reader=$proxied; fi
  write_by "$writer" /run/pass 0
  holds "$reader" /run/pass 0
done
say 'passes: each path reads what the other wrote'

# EXTENDED COPY within the unit, 1 MiB to 8 MiB further on.
sg_xcopy if="$proxied" of="$proxied" bs=512 count=2048 skip=0 seek=16384 >&3 2>&1
head -c $MIB /run/pass > /run/copied
holds "$direct" /run/copied 128
say 'third-party copy: a path reads what the other has had copied'

head -c 65536 /dev/zero > /run/zeroes
head -c 512 /run/pass > /run/block
sg_write_same --lba=2048 --num=128 --in=/run/block "$proxied" > /dev/null
for _ in $(seq 128); do cat /run/block; done > /run/same
holds "$direct" /run/same 16
sg_write_same --16 --unmap --lba=2048 --num=128 --in=/dev/zero --xferlen=512 "$direct" > /dev/null
holds "$proxied" /run/zeroes 16
sg_unmap --force --lba=0 --num=8192 "$proxied"
holds "$direct" /run/zeroes 0
sg_get_lba_status --lba=0 "$direct" >&3
{ cat /run/block; tail -c 512 /run/pass; } > /run/swap
write_by "$direct" /run/same 0
sg_compare_and_write --lba=5 --num=1 --in=/run/swap "$proxied"
# 14: MISCOMPARE, the block is another one by now.
exits 14 sg_compare_and_write --lba=5 --num=1 --in=/run/swap "$direct"
tail -c 512 /run/pass > /run/swapped
dd if="$direct" bs=512 skip=5 count=1 iflag=direct status=none | cmp - /run/swapped
sg_verify --lba=0 --count=256 "$proxied"
sg_sync "$proxied"
# PRE-FETCH (10).
sg_raw "$proxied" 34 00 00 00 00 00 00 01 00 00
sg_start --start "$proxied"
say 'block commands: each path sees what the other did'

persist() { sg_persist --no-inquiry "$@"; }
keys() { persist --in --read-keys "$1" | { grep -c '^ *0x' || true; }; }
persist --out --register --param-sark=0xa1 "$direct"
persist --out --register --param-sark=0xb2 "$proxied"
on_both 'READ KEYS' persist --in --read-keys
[ "$(keys "$proxied")" = 2 ]
persist --out --reserve --param-rk=0xa1 --prout-type=1 "$direct"
on_both 'READ RESERVATION' persist --in --read-reservation
on_both 'READ FULL STATUS' persist --in --read-full-status
# 24: RESERVATION CONFLICT.
exits 24 sg_write_same --lba=0 --num=8 --in=/run/block "$proxied"
sg_verify --lba=0 --count=8 "$proxied"
sg_write_same --lba=0 --num=8 --in=/run/block "$direct" > /dev/null
exits 24 persist --out --release --param-rk=0xb2 --prout-type=3 "$direct"
# The victim is told with its next command (6: UNIT ATTENTION), and can't write any more.
persist --out --preempt --param-rk=0xb2 --param-sark=0xa1 --prout-type=3 "$proxied"
exits 6 sg_turs "$direct"
settle
exits 24 sg_verify --lba=0 --count=8 "$direct"
sg_write_same --lba=0 --num=8 --in=/run/block "$proxied" > /dev/null
[ "$(keys "$direct")" = 1 ]
persist --out --clear --param-rk=0xb2 "$proxied"
settle
[ "$(keys "$direct")" = 0 ]
sg_write_same --lba=0 --num=8 --in=/run/block "$direct" > /dev/null
say 'reservations: one authority for both paths'

sg_reset --device "$proxied"
settle
sg_turs "$direct"
sg_turs "$proxied"
say 'LOGICAL UNIT RESET: both paths go on'
iscsiadm -m session -u
say passed
