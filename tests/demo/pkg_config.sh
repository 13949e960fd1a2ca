#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Every example builds as its reader would build it, with the flags from pkg-config, and succeeds.

. "${srcdir:-.}/common.sh"
command -v "${PKG_CONFIG:=pkg-config}" > /dev/null || skip "pkg-config is not installed"

PKG_CONFIG_PATH=$top_builddir
export PKG_CONFIG_PATH
static=
ls "$top_builddir"/lib/.libs/libfrusa.so* > /dev/null 2>&1 || static=--static
flags=$("$PKG_CONFIG" $static --cflags --libs frusa) || die "pkg-config does not know frusa"

examples=$(list_sources examples .c | grep -v -e /demo/ -e /homes/ -e /kernel/)
require_list examples "$examples"
for example in $examples; do
    # shellcheck disable=SC2086 # lists of options
    ${CC:-cc} -std=c11 -Wall -Wextra ${CFLAGS-} ${LDFLAGS-} "$top_srcdir/$example" \
        -o "$scratch/example" $flags > "$scratch/messages" 2>&1 || fail "$example does not build"
    [ ! -s "$scratch/messages" ] || {
        cat "$scratch/messages"
        fail "$example: the compiler has something to say"
    }
    "$scratch/example" > "$scratch/out" 2>&1 || {
        cat "$scratch/out"
        fail "$example failed"
    }
done

finish "examples that fail"
