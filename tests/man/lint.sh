#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# mandoc and groff have nothing to say about the pages, and no line is wider than a terminal of 80
# columns.

. "${srcdir:-.}/../meta/common.sh"
make_scratch
export LC_ALL=C

pages=$(grep -L '^\.so ' "$top_srcdir"/man/*.[1-8])
require_list "manual pages" "$pages"
missing=

# The names of pages are those of functions, in lower case: the only thing that mandoc minds.
if command -v mandoc > /dev/null; then
    for page in $pages; do
        mandoc -Tlint -Wstyle "$page" | grep -v 'lower case character in document title: TH'
    done > "$scratch/mandoc"
    [ ! -s "$scratch/mandoc" ] || fail "mandoc: $(cat "$scratch/mandoc")"
else
    missing="$missing mandoc"
fi

if command -v groff > /dev/null && groff -man -t -Tascii < /dev/null > /dev/null 2>&1; then
    for page in $pages; do
        groff -man -t -ww -Tutf8 -z "$page" 2>&1
    done > "$scratch/groff"
    [ ! -s "$scratch/groff" ] || fail "groff: $(cat "$scratch/groff")"
    for page in $pages; do
        groff -man -t -Tascii -rLL=78n -P-cbou "$page" > "$scratch/text"
        [ -s "$scratch/text" ] || fail "$page: groff renders nothing"
        awk -v page="$(basename "$page")" 'length > 80 { print page ": too wide: " $0 }' \
            "$scratch/text"
    done > "$scratch/wide"
    [ ! -s "$scratch/wide" ] || fail "$(cat "$scratch/wide")"
else
    missing="$missing groff"
fi

[ "$failures" -ne 0 ] || [ -z "$missing" ] || skip "not installed:$missing"
finish "pages with findings"
