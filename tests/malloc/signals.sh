#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Statistics at signals: stats_at.

. "${srcdir:-.}/common.sh"
make_scratch
report=$scratch/%p.json

# is_report FILE WHAT: the file is a whole report.
is_report() {
    [ "$(grep -c '^[{}]' "$1")" -eq 2 ] || fail "$2: no report in $1"
}

# SIGTERM ends a program that does not care as it always did, after its statistics.
status=0
preloaded stats=- ./signalled term 2> "$scratch/err" || status=$?
[ $status -eq 143 ] || fail "SIGTERM: status $status"
grep -q '= held from the system' "$scratch/err" || fail "SIGTERM: no statistics: $(cat "$scratch/err")"
status=0
preloaded stats=-,stats_at=exit ./signalled term 2> "$scratch/err" || status=$?
[ $status -eq 143 ] || fail "stats_at=exit: status $status"
grep -q '= held from' "$scratch/err" && fail "stats_at=exit: statistics at SIGTERM"
status=0
preloaded stats=- ./signalled usr2 2> "$scratch/err" || status=$?
[ $status -gt 128 ] || fail "SIGUSR2 without stats_at=usr2: status $status"

# SIGUSR2 as often as it comes, and the program goes on.
preloaded stats=-,stats_at=usr2 ./signalled usr2 2> "$scratch/err" ||
    fail "SIGUSR2: status $?"
[ "$(grep -c '= held from the system' "$scratch/err")" -eq 3 ] ||
    fail "SIGUSR2 twice: not three reports: $(cat "$scratch/err")"
for options in '' ,checked=1 ,no_thread_cache=1; do
    preloaded "stats=$scratch/storm.json,stats_at=usr2$options" ./signalled storm ||
        fail "many signals$options: status $?"
    is_report "$scratch/storm.json" "many signals$options"
done

# A child of fork writes for itself, a child of vfork is none.
child=$(preloaded "stats=$report" ./signalled forked) || fail "forked: status $?"
is_report "$scratch/$child.json" forked
child=$(preloaded "stats=$report" ./signalled vforked) || fail "vforked: status $?"
[ ! -e "$scratch/$child.json" ] || fail "vforked: the child wrote its parent's statistics"

# Programs that handle or ignore the signal.
preloaded stats=- ./signalled own 2> "$scratch/err" || fail "own handler: status $?"
[ "$(grep -c '= held from' "$scratch/err")" -eq 1 ] || fail "own handler: $(cat "$scratch/err")"
preloaded stats=- sh -c "trap '' TERM; exec ./signalled ignored" 2> "$scratch/err" || fail "ignored: status $?"
[ "$(grep -c '= held from' "$scratch/err")" -eq 1 ] || fail "ignored: $(cat "$scratch/err")"

# What verbose prints: each option, and where its value is from.
FRUSA_OPTIONS=verbose,limit=96m,no_such=1,reclaim=every:60000 ./settings_linked > "$scratch/out" 2> "$scratch/err" ||
    fail "verbose: status $?"
grep -q '^frusa [0-9.]*, options in force:$' "$scratch/err" || fail "verbose: no title"
grep -q '^  limit  *96m  *from FRUSA_OPTIONS$' "$scratch/err" || fail "verbose: limit: $(cat "$scratch/err")"
grep -q '^  reclaim  *every:60000  *from FRUSA_OPTIONS$' "$scratch/err" || fail "verbose: reclaim: $(cat "$scratch/err")"
grep -q '^  huge  *auto  *the default$' "$scratch/err" || fail "verbose: huge: $(cat "$scratch/err")"
FRUSA_OPTIONS=verbose ./settings_linked 2>&1 | grep -q '^  limit  *32m  *from frusa_malloc_options$' ||
    fail "verbose: nothing from the program"
[ ! -s "$scratch/out" ] || fail "verbose: something on standard output"

finish "wrong answers to signals"
