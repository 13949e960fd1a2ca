#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# doc/WALKTHROUGH.md: its numbers, "<!-- fact NAME -->NUMBER", and its lists of files, "Files of the STEP:", are what a
# program finds that allocates for the first time, and reclaims.

# shellcheck disable=SC2016,SC2013 # backquotes are the document's; names hold no blanks

. "${srcdir:-.}/common.sh"
make_scratch
command -v addr2line > /dev/null || skip "no addr2line"
document=$top_srcdir/doc/WALKTHROUGH.md

sources=$(sed -n -e '/^core_sources/,/^$/p' -e '/^hosted_sources/,/^$/p' "$top_srcdir/lib/Makefile.am" |
    tr -s ' \t\134' '\n' | grep '\.c$' | sed "s,^,$top_srcdir/lib/,")
require_list "library sources" "$sources"
# shellcheck disable=SC2086 # lists of words
if ! $CC -std=gnu11 -D_GNU_SOURCE -g -O0 -no-pie -finstrument-functions -Wno-inline -I"$top_srcdir/include" \
    -iquote "$top_srcdir/lib" ${ATOMIC_OPS_CFLAGS:-} -o "$scratch/walkthrough" "$srcdir/walkthrough.c" $sources \
    -pthread > "$scratch/errors" 2>&1; then
    cat "$scratch/errors"
    skip "this compiler cannot build it"
fi
"$scratch/walkthrough" > "$scratch/found" || die "the program failed"

# Files in the order in which they are entered, without those of port/; headers and sources of one name are one.
files_of() {
    awk -v step="$1" '$1 == "enter" && $2 == step { print $3 }' "$scratch/found" |
        xargs addr2line -e "$scratch/walkthrough" |
        sed -n 's,^.*/lib/\([a-z_/]*\)\.[ch]:.*$,\1,p' | grep -v '^port/' | awk '!seen[$0]++' | tr '\n' ' '
}

for step in allocation reclaim; do
    expected=$(files_of "$step")
    require_list "entered files" "$expected"
    written=$(sed -n "/^Files of the $step:/,/^\$/p" "$document" | grep -o '`[a-z_/]*`' | tr -d '`' | tr '\n' ' ')
    [ "$written" = "$expected" ] || fail "files of the $step: $expected, in the document $written"
done

while read -r _ name number; do
    written=$(grep -o "<!-- fact $name -->[0-9,]*" "$document" | sed 's/.*-->//' | tr -d ,)
    [ -n "$written" ] || fail "fact $name ($number) is not in the document"
    for value in $written; do
        [ "$value" = "$number" ] || fail "fact $name: $number, in the document $value"
    done
done << END
$(grep '^fact' "$scratch/found")
END
for name in $(grep -o '<!-- fact [a-z-]* -->' "$document" | awk '{ print $3 }' | sort -u); do
    grep -q "^fact $name " "$scratch/found" || fail "fact $name of the document: the program knows none"
done

finish "doc/WALKTHROUGH.md"
