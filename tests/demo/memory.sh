#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The demo's table: the figures belong together, and the last reclaim leaves next to nothing.

. "${srcdir:-.}/common.sh"
copy_sources

# Large enough for hundreds of spans.
run_demo 0 --text 4M --seed 7 "$scratch/sources" || finish "figures"
cp "$scratch/out" "$scratch/first"

words=1 live=2 held=3 purged=4 given_back=6
for step in "instance created" "index built" "nine tenths dropped" "rest dropped"; do
    [ "$(column $words "$step" | wc -l)" -eq 1 ] || fail "not one row '$step'"
done
[ "$(column $words reclaimed | wc -l)" -eq 2 ] || fail "not two rows 'reclaimed'"

all_words=$(column $words "index built")
kept_words=$(column $words reclaimed | head -n 1)
built_live=$(column $live "index built")
built_held=$(column $held "index built")
dropped_live=$(column $live "nine tenths dropped")
dropped_held=$(column $held "nine tenths dropped")
thinned_held=$(column $held reclaimed | head -n 1)
thinned_live=$(column $live reclaimed | head -n 1)
last_live=$(column $live reclaimed | tail -n 1)
last_held=$(column $held reclaimed | tail -n 1)
last_purged=$(column $purged reclaimed | tail -n 1)
last_given_back=$(column $given_back reclaimed | tail -n 1)
# check CONDITION WHAT: an awk condition over the figures, and what it means.
check() {
    awk "BEGIN { exit !($1) }" || fail "$2: $1"
}
check "$all_words > 1000 && $kept_words == int($all_words / 10)" "a tenth of the words is kept"
check "$built_live > 4 && $built_held >= $built_live" "objects fit into what is held"
check "$dropped_live < $built_live / 2" "most of the index is gone"
check "$thinned_live == $dropped_live" "a reclaim keeps what is live"
check "$thinned_held <= $dropped_held" "a reclaim takes no memory"
check "$thinned_held >= $thinned_live" "what is live is held"
# The instance record and one cache may stay: 32 KiB and 16 KiB, 0.047 MiB.
check "$last_live == 0 && $last_purged <= $last_held && $last_held <= 0.05" "all is given back"
check "$last_given_back > 0" "the reclaim tells what it gave back"

# The same seed drops the same words; of some other seeds, one at least drops words of other sizes.
contents() {
    awk 'on && NF > 6 { print $(NF - 6), $(NF - 5) } /^-----/ { on = !on }' "$1"
}
run_demo 0 --text 4M --seed 7 "$scratch/sources"
contents "$scratch/first" > "$scratch/contents-1"
contents "$scratch/out" > "$scratch/contents-2"
[ "$(wc -l < "$scratch/contents-1")" -eq 6 ] || fail "not six rows of words and live bytes"
cmp -s "$scratch/contents-1" "$scratch/contents-2" || {
    cat "$scratch/first" "$scratch/out"
    fail "two runs with one seed differ"
}
same=0
for seed in 0 1 2 3; do
    run_demo 0 --text 4M --seed $seed "$scratch/sources"
    contents "$scratch/out" | cmp -s "$scratch/contents-1" - && same=$((same + 1))
done
[ $same -lt 4 ] || fail "the seed changes nothing"

finish "figures that do not fit"
