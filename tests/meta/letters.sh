#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The lettered guarantees. Each is stated once, in a header; each is referred to where it is kept or relied on;
# nobody refers to one that is not stated; and the models carry those of the protocols that they check.

. "${srcdir:-.}/common.sh"
make_scratch
cd "$top_srcdir" || die "no source directory"

sources=$(list_sources lib .c .h)
require_list "sources" "$sources"

# stated: "LETTER FILE" for each guarantee in the list at the head of a header, " *   [C.1] The limit ...".
for file in $(list_sources lib .h); do
    sed -n "s,^ \*   \[\([A-Z]\.[0-9]*\)\].*,\1 $file,p" "$file"
done | sort > "$scratch/stated"
cut -d ' ' -f 1 "$scratch/stated" > "$scratch/stated-letters"
require_list "stated guarantees" "$(cat "$scratch/stated")"
for letter in $(uniq -d "$scratch/stated-letters"); do
    fail "[$letter] is stated more than once: $(grep "^$letter " "$scratch/stated" | cut -d ' ' -f 2 | tr '\n' ' ')"
done

# used FILES...: the letters in brackets, also several at once or a range, one a line.
used() {
    grep -hoE '\[[A-Z]\.[0-9]+(-[0-9]+)?\]' "$@" | tr -d '[]' | awk -F '[.-]' '
        NF == 2 { print $1 "." $2 }
        NF == 3 { for (n = $2; n <= $3; n++) print $1 "." n }' | sort -u
}

# In the code: what is left when the statements themselves are taken away.
for file in $sources; do
    sed 's,^ \*   \[[A-Z]\.[0-9]*\],,' "$file"
done > "$scratch/code"
used "$scratch/code" > "$scratch/used"
# shellcheck disable=SC2046 # a list of files
used $(list_sources tests/model .pml) tests/model/README doc/CONCURRENCY.md > "$scratch/elsewhere"
# shellcheck disable=SC2046
used $(list_sources tests/model .pml) tests/model/README > "$scratch/modelled"

for letter in $(comm -13 "$scratch/stated-letters" "$scratch/used"); do
    fail "[$letter] is referred to in lib and stated nowhere"
done
for letter in $(comm -13 "$scratch/stated-letters" "$scratch/elsewhere"); do
    fail "[$letter] is named by the models or doc/CONCURRENCY.md and stated nowhere in lib"
done
for letter in $(comm -23 "$scratch/stated-letters" "$scratch/used"); do
    fail "[$letter] is stated and no line of the code refers to it"
done
# The page map's guarantees are about who may read what; there is no protocol in them to model.
for letter in $(grep -v '^P\.' "$scratch/stated-letters" | comm -23 - "$scratch/modelled"); do
    fail "[$letter] is in no model"
done

finish "lettered guarantees"
