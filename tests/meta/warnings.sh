#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# gcc -Wall -fanalyzer warns of mistakes with objects and instances, in the lines that warnings_bad*.c mark, and says
# nothing about correct programs.

. "${srcdir:-.}/common.sh"
make_scratch

echo 'int empty;' > "$scratch/empty.c"
echo '#if defined(__clang__) || __GNUC__ < 12
#error no attribute with a function, or no -Wuse-after-free
#endif' >> "$scratch/empty.c"
# shellcheck disable=SC2086 # CC may hold options
${CC:?} -fanalyzer -c "$scratch/empty.c" -o "$scratch/out.o" 2> /dev/null || skip "$CC has no analyzer, or is too old"

# compile FLAGS... FILE: its messages go to $scratch/messages.
compile() {
    # shellcheck disable=SC2086
    $CC -Wall -Wextra -fanalyzer -I "$top_srcdir/include" "$@" -c -o "$scratch/out.o" 2> "$scratch/messages" ||
        fail "$*: does not compile: $(cat "$scratch/messages")"
}

for level in -O0 -O1 -O2; do
    for file in warnings_good.c warnings_override.c; do
        compile $level "$srcdir/$file"
        [ ! -s "$scratch/messages" ] || fail "$file $level: $(cat "$scratch/messages")"
    done
    for file in warnings_bad.c warnings_bad_inline.c; do
        compile $level "$srcdir/$file"
        sed -n "s,^.*$file:\([0-9]*\):[0-9]*: warning: .*\[-W\([a-z-]*\)=*\]\$,\1 \2,p" "$scratch/messages" > "$scratch/found"
        grep -n ' /\* [a-z-]* \*/$' "$srcdir/$file" | sed 's,^\([0-9]*\):.* /\* \(.*\) \*/$,\1 \2,' > "$scratch/wanted"
        [ -s "$scratch/wanted" ] || die "$file marks no mistakes"
        while read -r mistake; do
            grep -qxF "$mistake" "$scratch/found" || fail "$file $level: no warning in line $mistake"
        done < "$scratch/wanted"
    done
done

# The analyzer of these releases is for C; the other warnings are for both.
cxx=${CC%gcc*}g++
if command -v "$cxx" > /dev/null; then
    for level in -O0 -O2; do
        "$cxx" -x c++ -Wall -Wextra -fanalyzer $level -I "$top_srcdir/include" -c "$srcdir/warnings_good.c" \
            -o "$scratch/out.o" 2> "$scratch/messages" || fail "C++: $(cat "$scratch/messages")"
        [ ! -s "$scratch/messages" ] || fail "C++ $level: $(cat "$scratch/messages")"
    done
fi

finish "warnings amiss"
