#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: run.sh PROGRAM
#
# Runs a program under memcheck, or, if its name begins with asan_, as it is: it was built with the address
# sanitizer. The tool has to report what the program's source says in its first lines, and name the line
# that is marked HERE; of a program that says nothing, it has to report nothing.

set -u
program=$1
name=${program##*/}
: "${srcdir:=.}" "${top_builddir:?run this test through make check}"
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
failed=0

case $name in
    asan_*)
        tool=asan
        source=$srcdir/${name#asan_}.c
        ;;
    *)
        tool=memcheck
        source=$srcdir/$name.c
        case ${CFLAGS:-} in *-fsanitize=*)
            echo 'SKIP: built with a sanitizer, which memcheck cannot run'
            exit 77
            ;;
        esac
        if [ -z "${VALGRIND:-}" ]; then
            echo 'SKIP: configure found no valgrind'
            exit 77
        fi
        ;;
esac
expected=$(sed -n "s,^/\\* $tool: \\(.*\\) \\*/\$,\\1,p" "$source")
line=$(sed -n '/HERE/=' "$source")

# clang's report names lines by a program of llvm's, or by addr2line if it is told so.
export ASAN_OPTIONS="allow_addr2line=1:detect_leaks=1:handle_abort=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export ASAN_SYMBOLIZER_PATH="${ASAN_SYMBOLIZER_PATH-$(command -v llvm-symbolizer llvm-symbolizer-14 | head -n 1)}"

run() {
    if [ "$tool" = asan ]; then
        "$program" "$1"
    else
        "$top_builddir/libtool" --mode=execute "$VALGRIND" --tool=memcheck --leak-check=full --track-origins=yes \
            --error-exitcode=99 "$program" "$1"
    fi > "$scratch/report" 2>&1
}

# What is wrong with the report of a program that ended with this status.
judge() {
    if [ -z "$expected" ]; then
        [ "$1" -eq 0 ] || echo "ended with status $1"
        return
    fi
    [ "$1" -ne 0 ] || echo 'nothing was reported'
    grep -qF -e "$expected" "$scratch/report" || echo "expected: $expected"
    grep -q "[(/ ]${source##*/}:$line\\([^0-9]\\|\$\\)" "$scratch/report" || echo "expected: line $line"
}

if [ "$expected" = - ]; then
    echo "SKIP: $tool does not see this"
    exit 77
fi
for fallback in mmap malloc; do
    run "$fallback"
    verdict=$(judge $?)
    if [ -z "$verdict" ]; then
        echo "PASS: $name over $fallback${expected:+: $expected, line $line}"
        continue
    fi
    echo "FAIL: $name over $fallback: $verdict"
    cat "$scratch/report"
    failed=1
done
exit "$failed"
