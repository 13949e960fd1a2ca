#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: run.sh PROGRAM
#
# Runs a misuse program in every mode (misuse.h). The program prints the messages that may come, one a
# line, and then makes its mistake: it has to die of SIGABRT with one of them, and nothing else, on
# standard error. A mode that a mistake cannot be seen in ends with status 77.

set -u
program=$1
name=$(basename "$program")
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
failed=0
seen=0

report() {
    printf 'FAIL: %s %s: %s\n' "$name" "$mode" "$1"
    printf '  expected: '
    sed '2,$s/^/        or: /' "$scratch/expected"
    printf '  on standard error:\n'
    sed 's/^/    /' "$scratch/message"
    failed=1
}

for mode in checked uncached flush reclaim elsewhere; do
    # In a shell of its own, which keeps to itself what it has to say about the signal.
    (
        timeout 60 "$program" "$mode" > "$scratch/expected" 2> "$scratch/message"
        exit $?
    ) 2> /dev/null
    status=$?
    [ "$status" -ne 77 ] || continue
    seen=$((seen + 1))
    if [ ! -s "$scratch/expected" ]; then
        report "ended with status $status before its mistake"
    elif [ "$status" -eq 0 ]; then
        report "the mistake was not detected"
    elif [ "$status" -ne 134 ]; then
        report "ended with status $status, not by abort()"
    elif [ "$(wc -l < "$scratch/message")" -ne 1 ] ||
        ! grep -qxF -f "$scratch/expected" "$scratch/message"; then
        report "another message"
    else
        printf 'PASS: %s %s: %s\n' "$name" "$mode" "$(cat "$scratch/message")"
    fi
done

if [ "$seen" -eq 0 ]; then
    echo "FAIL: $name made its mistake in no mode"
    failed=1
fi
exit "$failed"
