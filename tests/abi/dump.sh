#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The shared library has the binary interface that was recorded, symbol by symbol and type by type. With
# the argument "record" it is recorded instead ("make -C tests/abi record-abi").
#
# Any difference fails, a compatible one too: it has consequences (HACKING, Release), and is to be seen in
# a review, as a change of the recorded file.

. "${srcdir:-.}/../meta/common.sh"
command -v abidiff > /dev/null || skip "abidiff is not installed (Debian: abigail-tools)"
command -v readelf > /dev/null || skip "readelf is not installed (Debian: binutils)"
make_scratch

dlname=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/lib/libfrusa.la")
[ -n "$dlname" ] || skip "no shared library was built"
library=$top_builddir/lib/.libs/$dlname
readelf -SW "$library" | grep -q '\.debug_info' || skip "the library was built without -g"

# Types as programs see them: of those that only lib/ defines, no more than the name.
abidw --headers-dir "$top_srcdir/include" --drop-private-types --exported-interfaces-only \
    --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --type-id-style hash \
    "$library" > "$scratch/raw" || die "abidw fails"
# abidiff wants the root element on the first line.
{
    sed "s, path='[^']*/lib/, path='lib/," "$scratch/raw"
    echo '<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->'
} > "$scratch/now.abi"
architecture=$(sed -n "s/^<abi-corpus .*architecture='\([^']*\)'.*/\1/p" "$scratch/now.abi")
[ -n "$architecture" ] || die "abidw names no architecture"
recorded=$srcdir/$architecture.abi

if [ "${1-}" = record ]; then
    cp "$scratch/now.abi" "$recorded"
    echo "recorded in $recorded"
    exit 0
fi
[ -f "$recorded" ] || skip "nothing is recorded for $architecture"
abidiff --harmless "$recorded" "$scratch/now.abi" ||
    fail "the interface differs from $recorded; see HACKING, Release"
finish "differences in the binary interface"
