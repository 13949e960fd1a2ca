#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# C files are formatted as .clang-format says. Other releases of clang-format differ in details, so only
# release 14 (Debian 12) judges.

. "${srcdir:-.}/common.sh"

files=$(for directory in include lib malloc tests bench examples tools; do
    list_sources $directory .c .h .hpp .cc
done)
require_list "C files" "$files"

formatter=
for candidate in clang-format-14 clang-format; do
    if $candidate --version 2> /dev/null | grep -q 'version 14\.'; then
        formatter=$candidate
        break
    fi
done
[ -n "$formatter" ] || skip "clang-format 14 is not installed"

cd "$top_srcdir" || die "cannot enter $top_srcdir"
for file in $files; do
    $formatter --style=file --dry-run --Werror "$file" || fail "$file: run $formatter -i on it"
done

# What clang-format leaves: it breaks no comment.
for file in $files; do
    long=$(awk 'length($0) > 100 { printf "%s ", FNR }' "$file")
    [ -z "$long" ] || fail "$file: more than 100 columns in line $long"
done

finish "files not formatted"
