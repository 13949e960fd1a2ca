# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# What the demo's tests share, beside what the meta tests share.

: "${top_srcdir:?run this test through make check}" "${top_builddir:?}"
# shellcheck source=../meta/common.sh
. "$top_srcdir/tests/meta/common.sh"

demo=$top_builddir/examples/demo/frusa-demo
[ -x "$demo" ] || die "$demo is not built"
make_scratch
LC_ALL=C # bytes are characters, in awk and grep as in the demo
export LC_ALL

# run_demo STATUS ARGUMENT...: runs the demo, which must exit with STATUS; fails if it does not. What it
# prints goes to $scratch/out and $scratch/err, its plot to $scratch/plot.svg unless the arguments say
# otherwise. Other allocators are left out: others.sh runs them.
run_demo() {
    expected=$1
    shift
    status=0
    "$demo" --no-others --svg "$scratch/plot.svg" "$@" > "$scratch/out" 2> "$scratch/err" || status=$?
    [ "$status" -eq "$expected" ] || {
        cat "$scratch/out" "$scratch/err"
        fail "exit status $status instead of $expected: frusa-demo $(echo "$*" | cut -c 1-100)"
        return 1
    }
}

# copy_sources: puts a copy of the library's sources and headers, which nobody changes, into
# $scratch/sources. Every file there is text.
copy_sources() {
    mkdir -p "$scratch/sources/include"
    (cd "$top_srcdir/lib" && find . -name '*.[ch]') | while read -r file; do
        mkdir -p "$scratch/sources/$(dirname "$file")"
        cp "$top_srcdir/lib/$file" "$scratch/sources/$file"
    done
    cp "$top_srcdir"/include/*.h "$scratch/sources/include"
}

# count_words FILE...: one line for each distinct word, "COUNT WORD". A file's end ends a word.
count_words() {
    for file; do
        cat "$file"
        echo
    done | tr -cs 'A-Za-z0-9_' '\n' |
        awk 'NF { count[$0]++ } END { for (w in count) print count[w], w }'
}

# answer WORD: the count that the demo printed for WORD.
answer() {
    awk -v word="$1" '/^Lookups/ { on = 1 } on && $1 == word { print $2; exit }' "$scratch/out"
}

# column NUMBER STEP: a column of the table's rows for STEP. The name of the step is cut off first, so that
# the number of words is column 1.
column() {
    awk -v number="$1" -v name="$2" \
        'index($0, name " ") == 1 { $0 = substr($0, length(name) + 1); print $number }' "$scratch/out"
}
