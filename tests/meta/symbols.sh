#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What the header declares, what the version script lists and what the shared library exports are the same.

. "${srcdir:-.}/common.sh"
make_scratch
LC_ALL=C # the order of sort and comm
export LC_ALL

# The public names, from the preprocessed header: of every declaration outside braces, the function's
# name (the first one before a parenthesis) or the extern variable's.
declared_names() {
    # shellcheck disable=SC2086 # CC may hold options
    echo '#include <frusa.h>' | ${CC:?} -E -P -I "$top_srcdir/include" -x c - | tr -s ' \n\t' '   ' |
        awk '{
            statement = ""
            for (i = 1; i <= length($0); i++) {
                c = substr($0, i, 1)
                if (c == "{") depth++
                else if (c == "}") { depth--; statement = statement "}" }
                else if (depth > 0) continue
                else if (c == ";") { print statement; statement = "" }
                else statement = statement c
            }
        }' | grep -v typedef |
        sed -n -e 's/^[^(]*[ *]\(frusa_[a-z0-9_]*\) *(.*/\1/p' \
            -e 's/^ *extern [^(]*[ *]\(frusa_[a-z0-9_]*\) *$/\1/p' | sort
}

# What <frusa-inline.h> refers to: names that end in the number of the layout.
inline_names() {
    layout=$(sed -n 's/^#define FRUSA_INLINE_LAYOUT //p' "$top_srcdir/include/frusa-inline.h")
    grep -o "frusa_inline_[a-z_]*_$layout\b" "$top_srcdir/include/frusa-inline.h"
}

{ declared_names; inline_names; } | sort -u > "$scratch/header"
sed -n 's/^ *\(frusa_[a-z0-9_]*\);.*/\1/p' "$top_srcdir/lib/libfrusa.map" > "$scratch/map.unsorted"
sort "$scratch/map.unsorted" > "$scratch/map"
[ -s "$scratch/header" ] || die "no declarations found in include/frusa.h"
[ -s "$scratch/map" ] || die "no names found in lib/libfrusa.map"

# compare LEFT RIGHT: names that only one of the two lists has.
compare() {
    for name in $(comm -23 "$scratch/$1" "$scratch/$2"); do
        fail "$name: in the $1, not in the $2"
    done
    for name in $(comm -13 "$scratch/$1" "$scratch/$2"); do
        fail "$name: in the $2, not in the $1"
    done
}

# In order within each version.
awk '/^[A-Z].*{/ { node++ } /^ *frusa_/ { printf "%02d %s\n", node, $1 }' "$top_srcdir/lib/libfrusa.map" > "$scratch/nodes"
sort -c "$scratch/nodes" 2> "$scratch/order" || fail "lib/libfrusa.map is not in order: $(cat "$scratch/order")"
compare header map

dlname=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/lib/libfrusa.la")
if [ -n "$dlname" ]; then
    # Without its version node each name: name@@FRUSA_0.1. The node itself is an absolute symbol.
    ${NM:?} -D --defined-only "$top_builddir/lib/.libs/$dlname" | awk '$2 != "A" { print $3 }' |
        sed 's/@.*//' | sort > "$scratch/library"
    [ -s "$scratch/library" ] || die "$dlname exports nothing"
    compare header library
else
    echo "no shared library was built: only the header and the map were compared"
fi

# libfrusa-malloc exports what its version script lists; "[jm]" there is how C++ writes size_t, and without a
# C++ compiler no name of an operator is there.
override=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/malloc/libfrusa-malloc.la" 2> "$scratch/none")
if [ -n "$override" ]; then
    ${NM:?} -D --defined-only "$top_builddir/malloc/.libs/$override" | awk '{ print $3 }' |
        sed 's/@.*//' | sort > "$scratch/override"
    [ -s "$scratch/override" ] || die "$override exports nothing"
    sed -n 's/^    \([^ /*]*\);.*/\1/p' "$top_srcdir/malloc/libfrusa-malloc.map" > "$scratch/patterns"
    case $(echo __SIZE_TYPE__ | ${CC:?} -E -P -x c -) in
        *long*) letter=m ;;
        *) letter=j ;;
    esac
    sed -e "s/\[jm\]/$letter/" "$scratch/patterns" |
        if [ "${HAVE_CXX17:?}" = yes ]; then cat; else grep -v '^_Z'; fi | sort > "$scratch/family"
    [ -s "$scratch/family" ] || die "no names found in malloc/libfrusa-malloc.map"
    compare family override
else
    echo "no shared libfrusa-malloc was built"
fi

finish "names that differ"
