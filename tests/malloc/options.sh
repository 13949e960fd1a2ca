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
expect 'complaints' "frusa: FRUSA_OPTIONS: limit=x: not a size (a number of bytes, such as 4096, 64KiB, 5MB or 1.5g; or unlimited), ignored
frusa: FRUSA_OPTIONS: no_such=1: unknown option, ignored" \
    "$(preloaded limit=x,retain=1m,no_such=1 ./settings 2>&1)"
expect 'no complaints without standard error' '' "$(preloaded limit=x ./settings 2>&-)"

expect 'what is meant by stats=' "frusa: FRUSA_OPTIONS: stats=1: not a file (stats=- is standard error, stats=FILE\
 a file; one of that name is ./NAME), ignored" "$(preloaded stats=1 ./settings 2>&1)"
expect 'a size with a fraction' refused "$(preloaded limit=0.03125GiB ./settings limit)"
[ "$(preloaded thread-cache-max=64KiB,retain=1MB ./settings kept)" -le 3 ] || fail "retain=1MB keeps more"

# Statistics at exit.
preloaded stats=- ./settings kept > /dev/null 2> "$scratch/text"
grep -q '^frusa [0-9.]*, settings, process [0-9]*:$' "$scratch/text" || fail "stats=-: $(cat "$scratch/text")"
grep -q '^  live objects  *[0-9]* KiB$' "$scratch/text" || fail "stats=-: no figures"
awk '/^  (live|free|metadata)/ { sum += $(NF - 1); rows++ }
     /^  = held from the system/ { held = $(NF - 1) }
     END { exit rows != 7 || held == 0 || sum != held }' "$scratch/text" ||
    fail "stats=-: the rows do not add up: $(cat "$scratch/text")"
preloaded limit=32m,stats=- ./settings limit > /dev/null 2> "$scratch/text"
grep -q '^  requests refused  *[1-9][0-9]*, ' "$scratch/text" || fail "no word of refusals: $(cat "$scratch/text")"
settings=$PWD/settings
(cd "$scratch" && preloaded stats=relative.json "$settings" leave)
grep -q '"allocated_from_fallback": [0-9]' "$scratch/relative.json" || fail "stats=FILE: no figures"
preloaded "stats=$scratch/%p.json" ./settings
ls "$scratch"/[0-9]*.json > /dev/null || fail "stats=%p.json: no such file"
preloaded "stats=$scratch/end.json" ./settings end
[ -s "$scratch/end.json" ] || fail "stats=FILE: no report by a thread that is being cancelled"
preloaded stats=/no/such/directory/file ./settings || fail "stats to nowhere: status $?"

# A control socket; that of a program which is executed has the same name. It goes with a program that calls exit;
# what others leave (some shells end by _exit) goes when the next program opens one.
mkdir -m 700 "$scratch/runtime"
XDG_RUNTIME_DIR=$scratch/runtime
export XDG_RUNTIME_DIR
# shellcheck disable=SC2016 # for the shell that is the program
is_open='[ -S "$XDG_RUNTIME_DIR/frusa/$$-malloc" ] && echo open'
expect 'control=1' open "$(preloaded control=1 sh -c "$is_open")"
expect 'control=1 after exec' open "$(preloaded control=1 sh -c "exec sh -c '$is_open'")"
expect 'control=0' '' "$(preloaded control=0 sh -c "$is_open")"
preloaded control=1 ./settings || fail "control=1: status $?"
expect 'sockets that are left' '' "$(ls "$scratch/runtime/frusa")"

# The file of the statistics: an earlier report is replaced, and nothing else.
report=$scratch/report

# keeps WHAT: a program under stats=FILE leaves the file as it is.
keeps() {
    cp "$scratch/kept" "$scratch/before"
    timeout 60 env FRUSA_OPTIONS="stats=$report" LD_PRELOAD="$override" ./settings || fail "$1: status $?"
    cmp -s "$scratch/kept" "$scratch/before" || fail "$1: written over"
}

# is_written WHAT: a program under stats=FILE writes its report there.
is_written() {
    preloaded "stats=$report" ./settings || fail "$1: status $?"
    grep -q '"allocated_from_fallback": [0-9]' "$report" || fail "$1: no report"
}

is_written 'a new file'
echo '# end of a longer report' >> "$report"
is_written 'an earlier report'
! grep -q longer "$report" || fail "an earlier report: not replaced"
printf '{\n  "alloc' > "$report"
is_written 'a report that was cut'
: > "$report"
is_written 'an empty file'
cp "$report" "$scratch/kept"
echo '# another program' >> "$scratch/kept"
ln -sf "$scratch/kept" "$report"
keeps 'a symbolic link'
echo '# another program' >> "$scratch/kept"
rm "$report"
ln "$scratch/kept" "$report"
keeps 'a hard link'
rm "$report"
echo 'root:*:19000:0:99999:7:::' > "$report"
cp "$report" "$scratch/kept"
preloaded "stats=$report" ./settings || fail "a file that is no report: status $?"
cmp -s "$report" "$scratch/kept" || fail "a file that is no report: written over"
rm "$report"
mkfifo "$report"
preloaded "stats=$report" ./settings || fail "a FIFO: status $?"
rm "$report"
if [ "$(id -u)" -eq 0 ]; then
    is_written 'a report of root'
    printf '{\n' > "$report"
    cp "$report" "$scratch/kept"
    chown 65534 "$report"
    preloaded "stats=$report" ./settings || fail "a report of another user: status $?"
    cmp -s "$report" "$scratch/kept" || fail "a report of another user: written over"
    rm "$report"
    preloaded "stats=$report" ./settings become || fail "other rights than the user: status $?"
    [ ! -e "$report" ] || fail "a report is written with more rights than the user's"
fi
if command -v python3 > /dev/null; then
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$scratch/relative.json" ||
        fail "stats=FILE: not JSON"
fi

finish "options that do not hold"
