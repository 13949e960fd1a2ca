#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What happens to the file: it is overwritten, and an error of the system is told.

. "${srcdir:-.}/common.sh"
command -v python3 > /dev/null || skip "no python3"

# write STATUS FILE...: what known_sites says is in $scratch/messages.
write() {
    wanted=$1
    shift
    status=0
    "$known_sites" 4096 "$@" > "$scratch/truth" 2> "$scratch/messages" || status=$?
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted: $*: $(cat "$scratch/messages")"
}

# refused FILE ERROR
refused() {
    write 1 "$1"
    grep -q "$2" "$scratch/messages" || fail "no '$2' in: $(cat "$scratch/messages")"
}

# What was there before is gone, longer or not.
dd if=/dev/zero of="$scratch/old.pb.gz" bs=1M count=1 2> /dev/null
write 0 "$scratch/old.pb.gz"
check_profile "$scratch/old.pb.gz"
# A second profile in another file; and a file named by its descriptor, in both formats.
write 0 "$scratch/one.pb.gz" "$scratch/two.pb.gz"
check_profile "$scratch/two.pb.gz"
write 0 /proc/self/fd/7 7> "$scratch/three.heap"
check_profile "$scratch/three.heap"
write 0 /proc/self/fd/7 7> "$scratch/four.pb.gz"
check_profile "$scratch/four.pb.gz"

refused "$scratch/none/a.pb.gz" 'No such file'
refused "$scratch" 'Is a directory'
[ ! -w /dev/full ] || refused /dev/full 'No space left'
if [ "$(id -u)" -ne 0 ]; then
    mkdir "$scratch/closed"
    chmod 555 "$scratch/closed"
    refused "$scratch/closed/a.pb.gz" 'Permission denied'
elif command -v setpriv > /dev/null; then
    mkdir "$scratch/closed"
    chmod 700 "$scratch/closed"
    chmod 755 "$scratch"
    known_sites_as_root=$known_sites
    known_sites=$scratch/as_nobody
    printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups %s "$@"\n' "$known_sites_as_root" \
        > "$known_sites"
    chmod 755 "$known_sites"
    refused "$scratch/closed/a.pb.gz" 'Permission denied'
fi

finish "heap profiles as files"
