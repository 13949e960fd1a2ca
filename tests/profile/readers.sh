#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Readers find in a profile what the program allocated, within 5 %: a reader of our own, and jeprof and
# go's pprof where they are installed.

. "${srcdir:-.}/common.sh"
command -v python3 > /dev/null || skip "no python3"

"$known_sites" 4096 "$scratch/a.pb.gz" "$scratch/a.heap" > "$scratch/truth" || die "known_sites failed"
check_profile "$scratch/a.pb.gz"
check_profile "$scratch/a.heap"
# The build ids of all files are right; and the command line's tools take the file for gzip.
gzip -t "$scratch/a.pb.gz" || fail "gzip does not take the file"

# The names of functions and the shares, as a reader prints them; live bytes is column $2 of its table.
# near NAME BYTES EXPECTED
near() {
    awk -v a="$2" -v b="$3" 'BEGIN { exit !(a >= b * 0.95 && a <= b * 1.05) }' ||
        fail "$1: $2 bytes instead of $3"
}

if command -v jeprof > /dev/null; then
    jeprof --text --show_bytes "$program" "$scratch/a.heap" > "$scratch/table" 2> "$scratch/messages" ||
        fail "jeprof: $(cat "$scratch/messages")"
    while read -r function live _; do
        [ "$live" -eq 0 ] || near "jeprof: $function" \
            "$(awk -v name="$function" '$NF == name { print $4 }' "$scratch/table")" "$live"
    done < "$scratch/truth"
fi

# The go command, or its directory in Debian.
pprof=
for go in "$(command -v go)" /usr/lib/go-*/bin/go; do
    [ -x "$go" ] && pprof="$go tool pprof"
done
if [ -n "$pprof" ]; then
    for index in inuse_space alloc_space; do
        HOME=$scratch $pprof -top -unit=B -sample_index=$index "$program" "$scratch/a.pb.gz" \
            > "$scratch/table" 2> "$scratch/messages" || fail "pprof: $(cat "$scratch/messages")"
        while read -r function live all; do
            [ "$index" = inuse_space ] || live=$all
            [ "$live" -eq 0 ] || near "pprof: $function" \
                "$(awk -v name="$function" '$NF == name { print $4 + 0 }' "$scratch/table")" "$live"
        done < "$scratch/truth"
    done
fi

finish "readers of heap profiles"
