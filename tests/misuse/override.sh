#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Makes the mistakes of malloc_mistake under libfrusa-malloc, with and without the option "checked", and asserts
# the message: at the call with it, at the call or when memory is given back without.

set -u
: "${top_builddir:?run this test through make check}"
program=./malloc_mistake
library=$top_builddir/malloc/.libs/libfrusa-malloc.so.0
[ -e "$library" ] || { echo 'SKIP: libfrusa-malloc was not built as a shared library'; exit 77; }
library=$(cd "$(dirname "$library")" && pwd)/libfrusa-malloc.so.0
LD_LIBRARY_PATH=$(cd "$top_builddir/lib/.libs" && pwd)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
exec 3>&2 2> /dev/null # what the shell has to say about the signals
failed=0
seen=0

# try NUMBER NAME CHECKED
try() {
    (LD_PRELOAD=$library FRUSA_OPTIONS=checked=$3 exec "$program" "$1") \
        > "$scratch/out" 2> "$scratch/message"
    status=$?
    verdict=
    [ "$status" -eq 134 ] || verdict="ended with status $status, not by abort()"
    [ "$(wc -l < "$scratch/message")" -eq 1 ] || verdict='not one line on standard error'
    grep -v '^made$' "$scratch/out" > "$scratch/expected"
    message=$(cat "$scratch/message")
    # What is behind the pointer: sizes, and the option where another call is to blame.
    rest=${message#frusa: *: *: 0x}
    rest=${rest#"${rest%%[!0-9a-f]*}"}
    grep -qxF -e "${message%"$rest"}" "$scratch/expected" || verdict='another message'
    case $3/$message in
        0/"frusa: malloc_trim: "*"; run with FRUSA_OPTIONS=checked=1 to find the call") ;;
        0/"frusa: malloc_trim: "* | 1/*"; run with "*) verdict='the wrong advice' ;;
    esac
    # With the option a wrong free is reported by that very call; a write, by the next call that looks.
    if [ "$3" -eq 1 ] && [ "$2" != 'write to a freed object' ] && grep -q '^made$' "$scratch/out"; then
        verdict='reported too late'
    fi
    seen=$((seen + 1))
    if [ -z "$verdict" ]; then
        echo "PASS: $2, checked=$3: $(cat "$scratch/message")"
        return
    fi
    failed=1
    echo "FAIL: $2, checked=$3: $verdict; expected one of"
    cat "$scratch/expected"
    echo 'on standard error:'
    cat "$scratch/message"
}

number=0
"$program" > "$scratch/list"
while read -r needs name; do
    number=$((number + 1))
    try "$number" "$name" 1
    [ "$needs" = checked ] || try "$number" "$name" 0
done < "$scratch/list"
[ "$seen" -gt 20 ] || { echo "FAIL: only $seen mistakes were made"; failed=1; }
exit "$failed"
