#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The demo counts words as awk and grep do, whatever the files look like.

. "${srcdir:-.}/common.sh"

# compare FILE...: looks up every word of the FILEs, the demo having read what follows "--".
compare() {
    files=
    while [ "$1" != -- ]; do
        files="$files $1"
        shift
    done
    shift
    # shellcheck disable=SC2086 # a list of names without blanks
    count_words $files > "$scratch/expected"
    [ -s "$scratch/expected" ] || die "no words in$files"
    # shellcheck disable=SC2046 # a list of words
    run_demo 0 $(awk 'length($2) < 1000 { print "--lookup=" $2 }' "$scratch/expected") "$@" || return
    awk 'NR == FNR { if (length($2) < 1000) expected[$2] = $1
                     next }
         /^Lookups/ { on = 1; next }
         on && NF == 0 { exit }
         on { seen++ }
         on && expected[$1] != $2 { print $1 ": " $2 " instead of " expected[$1]; bad = 1 }
         END { for (w in expected) wanted++
               if (seen != wanted) { print seen " answers to " wanted " lookups"; bad = 1 }
               exit bad }' "$scratch/expected" "$scratch/out" || fail "counts differ: frusa-demo $*"
    total=$(awk '{ total += $1 } END { print total }' "$scratch/expected")
    grep -q "^Indexed $total occurrences of $(wc -l < "$scratch/expected" | tr -d ' ') words;" \
        "$scratch/out" || fail "the totals are not $total and those of $scratch/expected"
}

# A corpus that is small and nasty.
mkdir -p "$scratch/corpus/sub/.hidden"
cd "$scratch/corpus" || die "no corpus"
printf 'one two_2 two_2\tthree-three three.three\nthe The THE' > plain
printf 'one' > no-newline
: > empty
printf '\303\244one\303\244 caf\303\251 \377one\n' > sub/not-ascii
printf 'one hidden one\n' > sub/.hidden/file
# A word across the end of the first read, and one that no single read holds.
awk 'BEGIN { for (i = 0; i < 65530; i++) printf "."; printf "straddling word"
             for (i = 0; i < 200000; i++) printf "x"; printf " one\n" }' > sub/long
texts="plain no-newline empty sub/not-ascii sub/.hidden/file sub/long"

# What must not be counted.
printf 'one binary \000 one\n' > binary
awk 'BEGIN { for (i = 0; i < 100000; i++) print "one"; printf "%c", 0 }' > sub/late-binary
ln -s . loop
ln -s .. sub/up
ln -s plain link
ln -s nowhere dangling
mkfifo fifo

# shellcheck disable=SC2086
compare $texts -- .
grep -q 'from 6 files; skipped 2 binary and 0 unreadable' "$scratch/out" ||
    fail "not 6 files and 2 binary ones"

# The same file by a link that is named, and twice.
compare plain plain -- link plain
run_demo 0 --lookup absent plain
[ "$(answer absent)" = 0 ] || fail "an absent word was found"

# The first pass alone answers when the text is read again, and reading stops where it should.
run_demo 0 --lookup one --lookup hidden --text 4M .
[ "$(answer one)" = "$(count_words plain no-newline sub/not-ascii sub/.hidden/file sub/long |
    awk '$2 == "one" { print $1 }')" ] || fail "the count of 'one' depends on the number of passes"
grep -q '^Read 4\.0 MiB .* passes' "$scratch/out" || fail "not 4 MiB in several passes"
printf 'aaa bbb ccc' > ../cut
run_demo 0 --lookup bbb --lookup bb --lookup ccc --text 6 ../cut
[ "$(answer bbb)$(answer bb)$(answer ccc)" = 000 ] || fail "a word was cut in two"
run_demo 0 --lookup aaa --lookup bbb --lookup ccc --text 7 ../cut
[ "$(answer aaa)$(answer bbb)$(answer ccc)" = 110 ] || fail "a whole word before the cut was lost"

# Part of the source tree, beside grep.
copy_sources
cd "$scratch/sources" || die "no sources"
words='frusa_t return the size_t FRUSA_H NULL a 0 no_such_word_anywhere'
# shellcheck disable=SC2046,SC2086
run_demo 0 $(printf -- '--lookup=%s ' $words) .
for word in $words; do
    expected=$(grep -rohw -e "$word" . | wc -l | tr -d ' ')
    [ "$(answer "$word")" = "$expected" ] || fail "$word: $(answer "$word"), grep says $expected"
done
# shellcheck disable=SC2046
compare $(find . -type f) -- .

finish "counts that differ"
