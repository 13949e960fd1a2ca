#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh check.sh PURGE-LIBRARY
#
# A redis-server on libfrusa-malloc, beside one on its own malloc: both take 200,000 keys, lose 49 of 50 of them,
# and are told MEMORY PURGE; then both are flushed, and told again. Prints the resident memory of each step.
# PURGE-LIBRARY is what purge.c makes.

set -eu
purge=$(realpath "$1")
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$scratch"' EXIT

fill="for i = 1, 200000 do redis.call('SET', 'key:' .. i, string.rep('v', 20 + i % 300)) end"
thin="for i = 1, 200000 do if i % 50 ~= 0 then redis.call('DEL', 'key:' .. i) end end"

ask() {
    redis-cli -e -s "$scratch/socket" "$@"
}

# start COMMAND...: a server by this command, without a network or a file.
start() {
    "$@" redis-server --port 0 --unixsocket "$scratch/socket" --save '' --dir "$scratch" --logfile "$scratch/log" &
    server=$!
    for _ in $(seq 100); do
        [ "$(ask ping 2> "$scratch/errors")" != PONG ] || return 0
        sleep 0.1
    done
    cat "$scratch/log" >&2
    exit 1
}

stop() {
    kill "$server"
    wait "$server" || true
    server=
}

# The resident memory, in MiB.
resident() {
    awk '/^VmRSS:/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status"
}

# steps: FULL THINNED FLUSHED, in MiB.
steps() {
    ask eval "$fill" 0 > "$scratch/answer"
    full=$(resident)
    ask eval "$thin" 0 > "$scratch/answer"
    [ "$(ask memory purge)" = OK ]
    thinned=$(resident)
    [ "$(ask dbsize)" = 4000 ]
    ask flushall > "$scratch/answer"
    [ "$(ask memory purge)" = OK ]
    echo "$full $thinned $(resident)"
}

start env
own=$(steps)
stop
start env LD_PRELOAD="$purge" frusa-run
ours=$(steps)
stop

# shellcheck disable=SC2086 # lists of words
set -- $ours $own
if [ "$3" -gt 30 ] || [ "$2" -ge "$1" ]; then
    echo "resident on libfrusa: $ours; on its own malloc: $own" >&2
    exit 1
fi
echo "resident with 200000 keys, with 4000, with none: $1, $2, $3 MiB on libfrusa; $4, $5, $6 MiB on its own malloc"
