#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# usage: html.sh SOURCE-DIRECTORY OUTPUT-DIRECTORY: every manual page as HTML, by mandoc, with links
# between the pages, and an index of them. An alias leads to its page.

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

# alias_page NAME PAGE
alias_page() {
    printf '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>%s</title>\n' "$1"
    printf '<meta http-equiv="refresh" content="0; url=%s.html">\n<a href="%s.html">%s</a>\n</html>\n' "$2" "$2" "$2"
}

for page in "$source"/*.[1-8]; do
    file=$(basename "$page")
    target=$(sed -n '1s,^\.so man[1-8]/,,p' "$page")
    if [ -n "$target" ]; then
        alias_page "$file" "$target" > "$output/$file.html"
    else
        mandoc -Thtml "$page" > "$output/page"
        sed -f "$links" "$output/page" > "$output/$file.html"
    fi
done

{
    printf '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>libfrusa</title>\n'
    printf '<h1>Manual pages of libfrusa</h1>\n<p>Start with <a href="frusa.7.html">frusa(7)</a>.\n<ul>\n'
    for page in "$source"/*.[1-8]; do
        file=$(basename "$page")
        printf '<li><a href="%s.html">%s(%s)</a>\n' "$file" "${file%.*}" "${file##*.}"
    done
    printf '</ul>\n</html>\n'
} > "$output/index.html"
rm -f "$links" "$output/page"
