#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# FRUSA_OPTIONS and frusa_malloc_options: what they do, and what is said about those that are wrong.

. "${srcdir:-.}/common.sh"
make_scratch

# expect WHAT WANTED GOT
expect() { [ "$3" = "$2" ] || fail "$1: wanted '$2', got '$3'"; }

# Limits: by the environment, by the program, by the environment against the program.
expect 'no limit' granted "$(preloaded '' ./settings limit)"
expect 'limit=32m' refused "$(preloaded limit=32m ./settings limit)"
expect 'limit of the program' refused "$(./settings_linked limit 2> "$scratch/said")"
expect 'its wrong part' 'frusa: frusa_malloc_options: nonsense: unknown option, ignored' \
    "$(cat "$scratch/said")"
expect 'environment before program' granted "$(FRUSA_OPTIONS=limit=0 ./settings_linked limit 2> /dev/null)"

# What is kept, in MiB: 60 were in use.
[ "$(preloaded retain=1m ./settings kept)" -le 3 ] || fail "retain=1m keeps more"
[ "$(preloaded retain=unlimited ./settings kept)" -ge 50 ] || fail "retain=unlimited keeps less"
[ "$(preloaded retain=1m,retain=16m ./settings kept)" -le 20 ] || fail "retain=16m keeps more"

# Complaints: one line each, and the program goes on.
expect 'complaints' "frusa: FRUSA_OPTIONS: limit=x: not a size, ignored
frusa: FRUSA_OPTIONS: no_such=1: unknown option, ignored" \
    "$(preloaded limit=x,retain=1m,no_such=1 ./settings 2>&1)"
expect 'no complaints without standard error' '' "$(preloaded limit=x ./settings 2>&-)"

# Statistics at exit.
preloaded stats=- ./settings kept > /dev/null 2> "$scratch/text"
grep -q '^frusa [0-9.]*, settings, process [0-9]*:$' "$scratch/text" || fail "stats=-: $(cat "$scratch/text")"
grep -q '^  in use  *[0-9]* KiB$\|^    in use  *[0-9]* KiB$' "$scratch/text" || fail "stats=-: no figures"
settings=$PWD/settings
(cd "$scratch" && preloaded stats=relative.json "$settings" leave)
grep -q '"allocated_from_fallback": [0-9]' "$scratch/relative.json" || fail "stats=FILE: no figures"
preloaded "stats=$scratch/%p.json" ./settings
ls "$scratch"/[0-9]*.json > /dev/null || fail "stats=%p.json: no such file"
preloaded stats=/no/such/directory/file ./settings || fail "stats to nowhere: status $?"
if command -v python3 > /dev/null; then
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$scratch/relative.json" ||
        fail "stats=FILE: not JSON"
fi

finish "options that do not hold"
