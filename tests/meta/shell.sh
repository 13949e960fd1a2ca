#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The shell scripts pass shellcheck.

. "${srcdir:-.}/common.sh"

scripts=$(
    for directory in scripts examples tests bench tools .ci; do list_sources $directory .sh; done
    list_sources tools/completions ''
    for file in $(for directory in tests bench tools .ci; do list_sources $directory /run; done); do
        if head -n 1 "$top_srcdir/$file" | grep -qE '^#!.*\b(sh|bash)\b'; then echo "$file"; fi
    done
)
require_list "shell scripts" "$scripts"
command -v shellcheck > /dev/null || skip "shellcheck is not installed"

cd "$top_srcdir" || die "cannot enter $top_srcdir"
for script in $scripts; do
    shellcheck "$script" || fail "$script"
done

finish "scripts with findings"
