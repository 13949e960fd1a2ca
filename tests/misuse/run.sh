#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: run.sh [EMULATOR [OPTION...]] PROGRAM
#
# Runs a misuse program in every mode (misuse.h). The program prints the messages that may come, one a
# line, and then makes its mistake: it has to die of SIGABRT with one of them, and nothing else, on
# standard error. Sizes and the option that finds the call may follow in the line. A mode that a mistake cannot be seen in ends with status 77.
#
# There are many programs: the loop starts no process but theirs.

set -u
for program; do :; done
name=${program##*/}
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
exec 2> /dev/null # what the shell has to say about the signals
failed=0
seen=0

option='; run with FRUSA_CHECKED to find the call'

# Whether the message is the line, perhaps with sizes behind it, and with the option where another call is to blame.
is_expected() {
    case $mode/$line in
        checked/*) tails='' ;;
        */"frusa: frusa_thread_flush: "* | */"frusa: frusa_reclaim: "*) tails=$option ;;
        *) tails="|$option" ;;
    esac
    for tail in "${tails%|*}" "${tails#*|}"; do
        case $message in
            "$line$tail" | "$line: "*[0-9]"$tail" | "$line: "*" bytes$tail") return 0 ;;
        esac
    done
    return 1
}

# Sets verdict to what is wrong with the run that ended with this status, if anything.
judge() {
    verdict=
    [ -s "$scratch/expected" ] || verdict="ended with status $1 before its mistake"
    [ -n "$verdict" ] || [ "$1" -ne 0 ] || verdict='the mistake was not detected'
    [ -n "$verdict" ] || [ "$1" -eq 134 ] || verdict="ended with status $1, not by abort()"
    [ -z "$verdict" ] || return
    {
        IFS= read -r message
        while IFS= read -r more; do
            case $more in
            # What an emulator of user programs says, on the program's standard error.
            "qemu: uncaught target signal 6 "*) continue ;;
            esac
            verdict="more than one line: $more"
            return
        done
    } < "$scratch/message"
    while IFS= read -r line; do
        ! is_expected || return
    done < "$scratch/expected"
    verdict='another message'
}

for mode in checked uncached flush reclaim elsewhere; do
    message=
    "$@" "$mode" > "$scratch/expected" 2> "$scratch/message"
    status=$?
    [ "$status" -ne 77 ] || continue
    seen=$((seen + 1))
    judge "$status"
    if [ -z "$verdict" ]; then
        echo "PASS: $name $mode: $message"
        continue
    fi
    echo "FAIL: $name $mode: $verdict; expected one of"
    cat "$scratch/expected"
    echo 'on standard error:'
    cat "$scratch/message"
    failed=1
done

if [ "$seen" -eq 0 ]; then
    echo "FAIL: $name made its mistake in no mode"
    failed=1
fi
exit "$failed"
