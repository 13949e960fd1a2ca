#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# A program that was built with another layout of the inline paths neither links with this library nor runs with
# it, and the message names what is missing.

. "${srcdir:-.}/../meta/common.sh"
make_scratch

library=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/lib/libfrusa.la")
[ -n "$library" ] || skip "no shared library was built"
layout=$(sed -n 's/^#define FRUSA_INLINE_LAYOUT //p' "$top_srcdir/include/frusa-inline.h")
other=$((layout + 1))

cat > "$scratch/program.c" << 'EOF'
#include <frusa-inline.h>

static frusa_t heap = FRUSA_INITIALIZER(NULL, NULL);

int main(void)
{
    void *p = frusa_inline_alloc(&heap, 64, 0);
    frusa_inline_dealloc(&heap, p, 64, 0);
    return p == NULL;
}
EOF

# renumber FILE: the same with the names of the other layout.
renumber() {
    sed "s/\(frusa_inline_[a-z_]*\)_$layout\>/\1_$other/g" "$1"
}

# build NAME INCLUDES LIBRARY-DIRECTORY: compiles the program.
build() {
    # shellcheck disable=SC2086 # CC may hold options
    ${CC:?} -O2 -I"$2" -I"$top_srcdir/include" -o "$scratch/$1" "$scratch/program.c" -L"$3" -lfrusa \
        > "$scratch/$1.out" 2>&1
}

mkdir "$scratch/other" "$scratch/lib"
renumber "$top_srcdir/include/frusa-inline.h" > "$scratch/other/frusa-inline.h"
ln -s "$top_builddir/lib/.libs/$library" "$scratch/lib/$library"

build same "$top_srcdir/include" "$top_builddir/lib/.libs" || die "the program does not build: $(cat "$scratch/same.out")"
LD_LIBRARY_PATH=$scratch/lib "$scratch/same" || fail "the program does not run"

if build different "$scratch/other" "$top_builddir/lib/.libs"; then
    fail "a program with layout $other links with a library of layout $layout"
else
    grep -q "undefined reference to .frusa_inline_thread_$other'" "$scratch/different.out" ||
        fail "the message does not name frusa_inline_thread_$other: $(cat "$scratch/different.out")"
fi

# What a later library looks like to the program: the other layout's names, with a version of their own.
{
    echo '__thread void *frusa_inline_thread_'"$other"'[8];'
    echo 'void frusa_placeholder(void);'
    echo 'void frusa_placeholder(void) {}'
} > "$scratch/later.c"
echo "FRUSA_INLINE_$other { global: *; };" > "$scratch/later.map"
mkdir "$scratch/later"
# shellcheck disable=SC2086
${CC:?} -shared -fPIC -Wl,-soname,"$library" -Wl,--version-script,"$scratch/later.map" \
    -o "$scratch/later/$library" "$scratch/later.c" || die "the later library does not build"
if LD_LIBRARY_PATH=$scratch/later "$scratch/same" > "$scratch/run.out" 2>&1; then
    fail "a program with layout $layout runs with a library of layout $other"
else
    grep -q "FRUSA_INLINE_$layout" "$scratch/run.out" ||
        fail "the message does not name FRUSA_INLINE_$layout: $(cat "$scratch/run.out")"
fi

finish "layouts of the inline paths"
