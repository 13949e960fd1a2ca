#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# frusactl: each command on a running program, as text and as JSON; exit statuses; what it says when it fails.

. "${srcdir:-.}/common.sh"

frusactl=$top_builddir/tools/frusactl
XDG_RUNTIME_DIR=$scratch/runtime
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"

# start: a program under the library with a control socket, which ends with its standard input; its number in $pid.
mkfifo "$scratch/end" || die "no FIFO"
start() {
    rm -f "$scratch/started"
    # shellcheck disable=SC2016 # for the inner shell
    "$frusa_run" --control sh -c 'echo $$ > "$1"; read -r line; exit 0' sh "$scratch/started" < "$scratch/end" &
    job=$!
    exec 3> "$scratch/end"
    while [ ! -s "$scratch/started" ]; do sleep 0.1; done
    pid=$(cat "$scratch/started")
}

stop() {
    exec 3>&-
    wait "$job"
}

# is_json: the output of the last command is JSON (where there is a python3 to tell).
is_json() {
    command -v python3 > /dev/null || return 0
    python3 -c 'import json, sys; json.load(sys.stdin)' < "$scratch/out" 2> "$scratch/why" ||
        fail "no JSON: $(cat "$scratch/out") $(cat "$scratch/why")"
}

# ---- Nobody is there ---------------------------------------------------------------------------------

expect 0 "$frusactl" list
says out COMMAND
expect 0 "$frusactl" list --json
is_json
expect 1 "$frusactl" stats $$
says err "frusactl: process $$ has no control socket"
expect 0 "$frusactl" top
says out '0 processes'

# ---- Commands ----------------------------------------------------------------------------------------

start
expect 0 "$frusactl" list
says out "$pid  malloc "
expect 0 "$frusactl" list --json
is_json
says out "{\"pid\": $pid, \"name\": \"malloc\", \"command\": \"sh\", \"socket\": \"$XDG_RUNTIME_DIR/frusa/$pid-malloc\""
expect 0 "$frusactl" stats "$pid"
says out "sh, process $pid, instance malloc"
says out '  live objects  '
says out ' OBJECTS '
expect 0 "$frusactl" stats --json "$pid-malloc"
is_json
says out '"allocated_from_fallback": '
expect 0 "$frusactl" stats --all "$pid"
grep -q 'more size classes' "$scratch/out" && fail "--all leaves classes out"
expect 0 "$frusactl" reclaim "$pid"
says out "sh, process $pid: gave back "
expect 0 "$frusactl" reclaim "$pid" 1MiB --json
is_json
says out '{"ok": true, "reclaimed": '
expect 0 "$frusactl" retain "$pid" 1.5m --json
is_json
says out '"retain": 1572864, '
expect 0 "$frusactl" retain "$pid" unlimited
says out 'keeps all of empty memory'
expect 0 "$frusactl" limit "$pid" 1g
says out 'limit 1.00 GiB, holds '
expect 0 "$frusactl" limit "$pid" 0
says out 'limit none, holds '

# ---- Pictures ----------------------------------------------------------------------------------------

# is_picture FILE: XML, where there is something to tell.
is_picture() {
    grep -q '^</svg>$' "$1" || fail "$1 is no picture"
    command -v python3 > /dev/null || return 0
    python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" 2> "$scratch/why" ||
        fail "$1 is no XML: $(cat "$scratch/why")"
}

expect 0 "$frusactl" map "$pid"
says out ' SPANS '
expect 0 "$frusactl" map "$pid" --json
is_json
says out '"columns": ["address", "bytes", '
expect 0 "$frusactl" map "$pid" -o "$scratch/map.svg"
[ ! -s "$scratch/out" ] || fail "map -o is not silent"
is_picture "$scratch/map.svg"
grep -q "<title>0x[0-9a-f]*: .* objects of .* live" "$scratch/map.svg" || fail "no titles in the map"
expect 0 "$frusactl" map "$pid" -o -
says out '</svg>'
expect 0 "$frusactl" record "$pid" -n 4 -i 0.01 -o "$scratch/run.csv"
[ "$(wc -l < "$scratch/run.csv")" -eq 5 ] || fail "not four samples: $(cat "$scratch/run.csv")"
expect 0 "$frusactl" record "$pid" -n 2 -i 0.01
says out 'time,live,cached,free,metadata,held,purged,resident,reclaimed'
expect 0 "$frusactl" record "$pid" -n 1 --json
is_json
expect 0 "$frusactl" plot "$scratch/run.csv" -o "$scratch/run.svg"
is_picture "$scratch/run.svg"
expect 0 "$frusactl" plot "$scratch/run.csv" -o "$scratch/run.svg" --json
is_json
says out '{"samples": 4, '
expect 0 "$frusactl" top
says out '1 process  every 1 s  sorted by held'
says out ">$(printf '%8d' "$pid") sh "
expect 0 "$frusactl" top "$pid" -n 2 -i 0.01
[ "$(grep -c '^frusactl top' "$scratch/out")" -eq 2 ] || fail "not two frames"
expect 0 "$frusactl" top --json
is_json

# ---- What is wrong -----------------------------------------------------------------------------------

expect 2 "$frusactl"
says err 'frusactl: no command'
expect 2 "$frusactl" show
says err 'frusactl: show: no such command'
expect 2 "$frusactl" stats
says err 'stats: an argument is missing (usage: frusactl stats PID)'
expect 2 "$frusactl" stats 1 2
says err 'too many arguments'
expect 2 "$frusactl" stats init
says err 'frusactl: init: not the number of a process'
expect 2 "$frusactl" stats -o file "$pid"
says err 'stats: takes no option -o'
expect 2 "$frusactl" --no-such-option
says err 'no-such-option'
expect 2 "$frusactl" limit "$pid" much
says err 'frusactl: much: not a size'
expect 2 "$frusactl" record "$pid" -i never
says err '--interval never: not a number from 0.01 on'
expect 2 "$frusactl" plot "$scratch/run.csv"
says err 'plot: say where to'
expect 1 "$frusactl" stats "$pid-other"
says err "process $pid-other has no control socket"
expect 1 "$frusactl" map "$pid" -o /no/such/directory/file
says err '/no/such/directory/file: No such file or directory'
expect 1 "$frusactl" plot /dev/null -o "$scratch/run.svg"
says err "/dev/null: not a file of 'frusactl record'"
sed 's/^0/x/' "$scratch/run.csv" > "$scratch/wrong.csv"
expect 1 "$frusactl" plot "$scratch/wrong.csv" -o "$scratch/run.svg"
says err "$scratch/wrong.csv:2: not a number in column 1"
if [ -w /dev/full ]; then
    status=0
    "$frusactl" stats "$pid" > /dev/full 2> "$scratch/err" || status=$?
    [ "$status" -eq 1 ] || fail "output to a full device: $status"
fi

# A process that ended; one that was killed, whose socket goes.
stop
expect 1 "$frusactl" stats "$pid"
start
kill -KILL "$pid"
wait "$job" 2> /dev/null
exec 3>&-
[ -S "$XDG_RUNTIME_DIR/frusa/$pid-malloc" ] || fail "no socket is left: this tests nothing"
expect 0 "$frusactl" list --json
[ "$(cat "$scratch/out")" = '[]' ] || fail "a dead process is listed: $(cat "$scratch/out")"
[ ! -e "$XDG_RUNTIME_DIR/frusa/$pid-malloc" ] || fail "its socket is still there"

# A process whose answers make no sense.
if command -v python3 > /dev/null; then
    mkdir -m 700 "$scratch/hostile"
    python3 "$srcdir/hostile.py" "$frusactl" "$scratch/hostile" > "$scratch/out" 2>&1 || fail "$(cat "$scratch/out")"
fi

# ---- What it says about itself -----------------------------------------------------------------------

expect 0 "$frusactl" --version
says out "frusactl (libfrusa) "
expect 0 "$frusactl" --help
for command in list stats reclaim retain limit map top record plot; do
    says out "  $command"
done
awk 'length > 80 { print; bad = 1 } END { exit bad }' "$scratch/out" || fail "--help is too wide"

finish "frusactl"
