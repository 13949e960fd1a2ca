#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# usage: html.sh SOURCE-DIRECTORY OUTPUT-DIRECTORY: every manual page as HTML, by mandoc, with links
# between the pages. An alias becomes a copy of its page.

set -eu
source=$1
output=$2
command -v mandoc > /dev/null || {
    echo "html.sh: mandoc is not installed" >&2
    exit 1
}
mkdir -p "$output"

links=$output/links.sed
for page in "$source"/*.[1-8]; do
    file=$(basename "$page")
    name=${file%.*} section=${file##*.}
    printf 's,<b>%s</b>(%s),<a class="Xr" href="%s.html">&</a>,g\n' "$name" "$section" "$file"
done > "$links"

for page in "$source"/*.[1-8]; do
    target=$(sed -n '1s,^\.so man[1-8]/,,p' "$page")
    mandoc -Thtml "$source/${target:-$(basename "$page")}" > "$output/page"
    sed -f "$links" "$output/page" > "$output/$(basename "$page").html"
done
rm -f "$links" "$output/page"
