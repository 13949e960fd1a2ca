#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The commands of tools/gdb/libfrusa-gdb.py, on a process and on its core; and that gdb finds the script by the
# library's name.

. "${srcdir:-.}/../meta/common.sh"
command -v gdb > /dev/null || skip "gdb is not installed"
gdb --batch -nx -ex 'python print("yes")' 2> /dev/null | grep -q yes || skip "gdb was built without Python"
library=$(find "$top_builddir/lib/.libs" -name 'libfrusa.so.0.*' -type f 2> /dev/null | head -n 1)
[ -n "$library" ] || skip "no shared library was built"
make_scratch
script=$top_srcdir/tools/gdb/libfrusa-gdb.py
${CC:-cc} -g -I"$top_srcdir/include" "$srcdir/gdb_program.c" -o "$scratch/program" -L"$top_builddir/lib/.libs" \
    -lfrusa "-Wl,-rpath,$top_builddir/lib/.libs" || die "the program does not build"

# Where gdb looks: by the name of the library's file, below its directory.
mkdir -p "$scratch/auto$(dirname "$library")"
cp "$script" "$scratch/auto$library-gdb.py"

# look OUT ARGUMENT...: gdb with the script where it finds it, no settings of the user's.
look() {
    out=$1
    shift
    timeout 120 gdb --batch -nx -iex "set auto-load scripts-directory $scratch/auto" \
        -iex "set auto-load safe-path $scratch/auto" -iex 'set debuginfod enabled off' "$@" > "$out" 2>&1
}
commands() {
    for command in 'frusa instances' 'frusa heap' 'frusa heap heap' 'frusa slab 100 &heap' 'frusa span live' \
        'frusa owner live' 'frusa owner (char*)live+7' 'frusa owner cached' 'frusa owner given' \
        'frusa owner (char*)large+4096' 'frusa owner &elsewhere' 'frusa instance &elsewhere'; do
        printf 'echo == %s\\n\n%s\n' "$command" "$command"
    done
}
commands > "$scratch/commands"

# An error ends a file of commands: the last one is one.
look "$scratch/live" -ex 'break stop_here' -ex run -ex up -ex "generate-core-file $scratch/core" \
    -x "$scratch/commands" "$scratch/program"
grep -q 'ptrace: Operation not permitted\|Could not trace the inferior' "$scratch/live" &&
    skip "processes cannot be traced here"
grep -q 'no struct fr_instance\|without debugging information\|no libfrusa with' "$scratch/live" &&
    skip "the library was built without debugging information"
[ -s "$scratch/core" ] || {
    cat "$scratch/live"
    die "gdb wrote no core"
}
look "$scratch/dead" -core "$scratch/core" -ex 'frame function main' -x "$scratch/commands" "$scratch/program"

# says WHERE COMMAND PATTERN: what the command printed.
says() {
    awk -v title="== $2" '/^== / { on = $0 == title; next } on' "$scratch/$1" > "$scratch/said"
    grep -q -e "$3" "$scratch/said" || fail "$1: $2: no '$3' in: $(cat "$scratch/said")"
}
for where in live dead; do
    says $where 'frusa instances' '^instance 0x[0-9a-f]* (heap)$'
    says $where 'frusa instances' '^  cache  *0x[0-9a-f]*, of thread record .*: [1-9]'
    says $where 'frusa heap' '^ *112  *1 '
    says $where 'frusa heap' '^ *208  .* 1000  *[1-9][0-9]*  *0$'
    says $where 'frusa heap heap' '^1 large objects, 3072 KiB$'
    says $where 'frusa slab 100 &heap' '^objects of 112 bytes, 1 spans$'
    says $where 'frusa span live' '^data span 0x.* of instance 0x'
    says $where 'frusa owner live' 'is 0 bytes into an object of 112 bytes at 0x[0-9a-f]*: live$'
    says $where 'frusa owner (char*)live+7' 'is 7 bytes into an object of 112 bytes at .*: live$'
    says $where 'frusa owner cached' ': free, in the cache 0x'
    says $where 'frusa owner given' ': free, in its span$'
    says $where 'frusa owner (char*)large+4096' 'is 4096 bytes into a large object of 3145728 bytes'
    says $where 'frusa owner &elsewhere' 'is in no instance of libfrusa$'
    says $where 'frusa instance &elsewhere' 'no instance of the process is at 0x'
done

finish "wrong answers in gdb"
