#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: table.sh PROGRAM...
#
# Runs the fault programs one after the other, as thoroughly as they can, and prints one table of what they
# injected, how often, and how many calls failed for it. Fails when one of them does: every row stands for
# requirements that held.

set -u
FRUSA_TEST_SCALE=${FRUSA_TEST_SCALE:-2}
FRUSA_TEST_WATCHDOG=${FRUSA_TEST_WATCHDOG:-1200}
export FRUSA_TEST_SCALE FRUSA_TEST_WATCHDOG
failed=0
echo '| injected | while | runs | faults | calls that failed |'
echo '|---|---|---:|---:|---:|'
for program; do
    output=$("./$program")
    status=$?
    printf '%s\n' "$output" | grep '^| ' | grep -v '^| injected'
    printf '%s\n' "$output" | grep -e '^not possible here' -e '^the group' -e '^another thread'  >&2
    [ "$status" -eq 0 ] || { echo "$program: ended with status $status" >&2; failed=1; }
done
exit "$failed"
