#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# "make html" in man/ writes a file for every page and alias, and the links between them lead
# somewhere.

. "${srcdir:-.}/../meta/common.sh"
command -v mandoc > /dev/null || skip "mandoc is not installed"
make_scratch

${SHELL:-sh} "$top_srcdir/man/html.sh" "$top_srcdir/man" "$scratch" || fail "html.sh fails"

for page in "$top_srcdir"/man/*.[1-8]; do
    [ -s "$scratch/$(basename "$page").html" ] || fail "$(basename "$page"): no HTML"
    grep -q "href=\"$(basename "$page").html\"" "$scratch/index.html" || fail "$(basename "$page"): not in the index"
done
sed 's/href="/\n&/g' "$scratch"/*.html | sed -n 's/^href="\([^"#]*\)".*/\1/p' |
    sort -u > "$scratch/links"
[ "$(wc -l < "$scratch/links")" -gt 10 ] || fail "hardly a link in the HTML pages"
while read -r link; do
    [ -s "$scratch/$link" ] || fail "a link to $link"
done < "$scratch/links"

finish "HTML pages amiss"
