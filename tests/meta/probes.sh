#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The library has the probes that doc/TRACING.md lists, with as many arguments, each a nop; the core has none.

. "${srcdir:-.}/common.sh"
require_tool() { command -v "$1" > /dev/null || skip "$1 is not installed (Debian: binutils)"; }
require_tool readelf
require_tool objdump
make_scratch
grep -q '^PROBES_CPPFLAGS = -D' "$top_builddir/lib/Makefile" || skip "the library was built without probes"
library=$(find "$top_builddir/lib/.libs" -name 'libfrusa.so.0.*' -type f 2> /dev/null | head -n 1)
[ -n "$library" ] || skip "no shared library was built"

# notes FILE: one line for each probe, "PROVIDER NAME ADDRESS SEMAPHORE ARGUMENTS".
notes() {
    readelf -n "$1" 2> /dev/null | awk '
        $1 == "Provider:" { provider = $2 }
        $1 == "Name:" { name = $2 }
        $1 == "Location:" { sub(",", "", $2); address = $2; semaphore = $NF }
        $1 == "Arguments:" { print provider, name, address, semaphore, NF - 1 }'
}
notes "$library" > "$scratch/notes"

awk '{ print $2, $5 }' "$scratch/notes" | sort -u > "$scratch/built"
# shellcheck disable=SC2016 # not command substitution
sed -n 's/^| `\([a-z_]*\)` | \([^|]*\) |.*/\1 \2/p' "$top_srcdir/doc/TRACING.md" |
    awk -F, '{ split($1, name, " "); print name[1], NF }' | sort > "$scratch/listed"
[ -s "$scratch/listed" ] || die "doc/TRACING.md has no table of probes"
diff "$scratch/listed" "$scratch/built" || fail "doc/TRACING.md (<) and the library (>) differ"

objdump -d --no-show-raw-insn "$library" > "$scratch/code"
while read -r provider name address semaphore _; do
    [ "$provider" = frusa ] || fail "$name: the provider is $provider"
    [ $((semaphore)) -eq 0 ] || fail "$name has a semaphore, which costs a load"
    grep -q "^ *$(printf %x $((address))):[[:space:]]*nop" "$scratch/code" || fail "$name: no nop at $address"
done < "$scratch/notes"

core=$top_builddir/lib/libfrusa-core.a
if [ -e "$core" ]; then
    [ -z "$(notes "$core")" ] || fail "the freestanding core has probes"
fi

# The scripts name probes that exist.
cat "$top_srcdir"/examples/tracing/*.bt | sed -n 's/^usdt:\*:frusa:\([a-z_]*\).*/\1/p' > "$scratch/used"
[ -s "$scratch/used" ] || die "the scripts use no probes"
while read -r name; do
    grep -q "^$name " "$scratch/built" || fail "examples/tracing: there is no probe $name"
done < "$scratch/used"

finish "faults of the probes"
