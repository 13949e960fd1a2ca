#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# One concept per file, one job per function, and a licence on every file: files under 600 lines,
# functions under 60, an SPDX line among the first three.

. "${srcdir:-.}/common.sh"
make_scratch

c_files=$(for directory in include lib malloc tests bench examples tools; do
    list_sources $directory .c .h .hpp .cc
done)
require_list "C files" "$c_files"
others=$(
    for directory in scripts examples tests bench tools .ci; do
        list_sources $directory .sh .py .pml .rs /run
    done
    list_sources cmake .in
    list_sources . .am
    list_sources m4 frusa.m4
    echo configure.ac
)

for file in $c_files; do
    awk -v file="$file" '
        /^{/ { start = NR }
        /^};/ { start = 0 } # a class
        /^}/ && start { if (NR - start > 60) printf "%s:%d: a function of %d lines\n", file, start, NR - start + 1
                        start = 0 }
        END { if (NR >= 600) printf "%s: %d lines\n", file, NR }
    ' "$top_srcdir/$file"
done > "$scratch/findings"
while read -r finding; do
    fail "$finding"
done < "$scratch/findings"

for file in $c_files $others; do
    head -n 3 "$top_srcdir/$file" | grep -q 'SPDX-License-Identifier: MIT OR Apache-2.0' ||
        fail "$file: no SPDX line"
done

finish "files out of shape"
