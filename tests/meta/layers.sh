#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Layers are folders: includes and calls go downward only, and no circle of files exists. layers.py says what is
# checked. First the check itself is checked, with small trees that have one mistake each.

# shellcheck disable=SC2016 # backquotes are the table's

. "${srcdir:-.}/common.sh"
make_scratch
command -v python3 > /dev/null || skip "no python3"

check() {
    python3 "$srcdir/layers.py" "$@" "${NM:-nm}" > "$scratch/findings" 2>&1
}

# tree FILE TEXT...: a library of two layers in $scratch/tree, high over low, with further files; compiled.
tree() {
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/low"
    cd "$scratch/tree" || die "no scratch tree"
    {
        printf '| high | `lib/` | `high` `other` | |\n'
        printf '| low | `lib/low/` | `low` | |\n'
    } > table.md
    echo '/* Layer high: */ int high(void);' > high.h
    printf '#include "high.h"\n#include "low/low.h"\nint high(void) { return low(); }\n' > high.c
    echo 'int other(void);' > other.h
    printf '#include "other.h"\nint other(void) { return 0; }\n' > other.c
    echo '/* Layer low: */ int low(void);' > low/low.h
    printf '#include "low/low.h"\nint low(void) { return 1; }\n' > low/low.c
    while [ $# -gt 0 ]; do
        printf '%b' "$2" > "$1"
        shift 2
    done
    for file in *.c low/*.c; do
        $CC -iquote . -c "$file" -o "${file%.c}.o" || die "the scratch tree does not compile"
    done
    cd - > /dev/null || die "no way back"
}

# must_find WHAT: the check finds that, and nothing else, in the tree.
must_find() {
    if check "$scratch/tree/table.md" "$scratch/tree" "$scratch/tree"; then
        fail "not found: $1"
    elif [ "$(grep -c '^FAIL: ' "$scratch/findings")" -ne 1 ] || ! grep -q "$1" "$scratch/findings"; then
        fail "instead of '$1': $(cat "$scratch/findings")"
    fi
}

tree
check "$scratch/tree/table.md" "$scratch/tree" "$scratch/tree" || fail "a sound tree: $(cat "$scratch/findings")"
tree low/low.c '#include "low/low.h"\n#include "other.h"\nint low(void) { return 1; }\n'
must_find 'low/low: includes other.h, which is further up'
tree low/low.c '#include "low/low.h"\nint other(void); /* not included */\nint low(void) { return other(); }\n'
must_find 'low/low: uses other, which is further up'
tree high.c '#include "high.h"\nint other(void);\nint high(void) { return other(); }\n' \
    other.c '#include "other.h"\nint high(void);\nint other(void) { return high(); }\n'
must_find 'a circle of files: high, other'
tree low/more.c 'int more(void);\nint more(void) { return 2; }\n'
must_find 'low/more.c: in no layer'
tree low/low.h 'int low(void);\n'
must_find 'layer low: 0 headers say'
tree
sed -i 's/`other`/`other` `gone`/' "$scratch/tree/table.md"
must_find 'layer high: there is no file gone'

check "$top_srcdir/doc/ARCHITECTURE.md" "$top_srcdir/lib" "$top_builddir/lib"
status=$?
cat "$scratch/findings"
[ "$status" -ne 2 ] || die "nothing to check"
[ "$status" -eq 0 ] || fail "lib/ and the table in doc/ARCHITECTURE.md disagree"

finish "layers of lib/"
