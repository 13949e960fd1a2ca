# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# What the meta tests share. Each is started by make, which sets top_srcdir and top_builddir.

set -u
: "${top_srcdir:?run this test through make check}" "${top_builddir:?}"

failures=0

# Reports one finding; the test goes on.
fail() {
    printf 'FAIL: %s\n' "$*"
    failures=$((failures + 1))
}

# Ends the test: there is nothing here to check, and a check of nothing must not pass.
die() {
    printf 'ERROR: %s\n' "$*"
    exit 99
}

skip() {
    printf 'SKIP: %s\n' "$*"
    exit 77
}

# finish WHAT: ends the test with what was found.
finish() {
    if [ "$failures" -ne 0 ]; then
        printf '%s: %d finding(s)\n' "$1" "$failures"
        exit 1
    fi
    printf '%s: nothing found\n' "$1"
    exit 0
}

# require_list WHAT LIST: LIST must not be empty.
require_list() {
    [ -n "$2" ] || die "no $1 found below $top_srcdir"
}

# list_sources DIRECTORY SUFFIX...: the files below top_srcdir/DIRECTORY whose path ends in one of the suffixes, one a
# line, relative to top_srcdir; build directories are passed over. File names here hold no blanks.
list_sources() (
    cd "$top_srcdir" || exit 1
    directory=$1
    shift
    [ -d "$directory" ] || exit 0
    for suffix; do
        find "$directory" \( -name build -o -name 'libfrusa-*' -o -name sanitizers -o -name cross -o -name check-homes -o -name '.git' \) \
            -type d -prune -o -type f -path "*$suffix" -print
    done | sed 's,^\./,,' | sort
)

# A scratch directory that goes away with the test.
make_scratch() {
    scratch=$(mktemp -d) || die "no scratch directory"
    trap 'rm -rf "$scratch"' EXIT
}
