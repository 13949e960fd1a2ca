#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every C file of the libraries, tests, benchmarks and examples is named in its Makefile.am, and every
# meta test too: hand-kept lists rot silently.

. "${srcdir:-.}/common.sh"

# The nearest Makefile.am upwards from a file.
makefile_for() {
    directory=$(dirname "$1")
    while [ ! -f "$top_srcdir/$directory/Makefile.am" ]; do
        [ "$directory" != . ] || return 1
        directory=$(dirname "$directory")
    done
    echo "$directory/Makefile.am"
}

# is_listed FILE MAKEFILE: FILE itself stands in MAKEFILE as a word, or the program of that name does.
is_listed() {
    relative=${1#"$(dirname "$2")"/}
    program=${relative%.c}
    sed 's/#.*//' "$top_srcdir/$2" | tr -s ' \t\\=' '\n' | grep -qxF -e "$relative" -e "$program"
}

library=$(list_sources lib .c .h)
require_list "library sources" "$library"
tests=$(list_sources tests .c)
require_list "test sources" "$tests"
meta=$(list_sources tests/meta .sh)
require_list "meta tests" "$meta"

for file in $library $tests $meta $(list_sources bench .c) $(list_sources examples .c) \
    $(list_sources malloc .c .h .cc) $(list_sources tests .h .cc) $(list_sources tools .c .h); do
    if ! makefile=$(makefile_for "$file"); then
        fail "$file: no Makefile.am above it"
    elif ! is_listed "$file" "$makefile"; then
        fail "$file: not in $makefile"
    fi
done

finish "sources in no Makefile.am"
