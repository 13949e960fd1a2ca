# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh disable=SC2034
# What the tests of the tools share: the program, the library, and how to run one with the other.

. "${srcdir:-.}/../meta/common.sh"

frusa_run=$top_builddir/tools/frusa-run
[ -x "$frusa_run" ] || skip "frusa-run was not built (--without-malloc, --disable-shared)"
library=$top_builddir/malloc/.libs/libfrusa-malloc.so.0
[ -e "$library" ] || skip "no shared library was built"
make_scratch
unset FRUSA_OPTIONS LD_PRELOAD

# expect STATUS COMMAND...: runs it with its output in $scratch/out and $scratch/err.
expect() {
    wanted=$1
    shift
    status=0
    "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null || status=$?
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted: $*: $(cat "$scratch/err")"
}

# says FILE TEXT: the output out or err of the last command contains the text.
says() {
    grep -qF -e "$2" "$scratch/$1" || fail "no '$2' in: $(cat "$scratch/$1")"
}

# number FILE NAME: one figure of a file that was written as JSON.
number() {
    sed -n 's/^ *"'"$2"'": \([0-9]*\).*/\1/p' "$1" | head -n 1
}
