#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The shared libraries have the binary interfaces that were recorded, symbol by symbol and type by type. With
# the argument "record" they are recorded instead ("make -C tests/abi record-abi").
#
# Any difference fails, a compatible one too: it has consequences (HACKING, Release), and is to be seen in
# a review, as a change of the recorded file.

. "${srcdir:-.}/../meta/common.sh"
command -v abidiff > /dev/null || skip "abidiff is not installed (Debian: abigail-tools)"
command -v readelf > /dev/null || skip "readelf is not installed (Debian: binutils)"
make_scratch

# dump LIBRARY: writes its interface to $scratch/now.abi. Types as programs see them: of those that only the
# sources define, no more than the name.
dump() {
    abidw --headers-dir "$top_srcdir/include" --drop-private-types --exported-interfaces-only \
        --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed --type-id-style hash \
        "$1" > "$scratch/raw" || die "abidw fails"
    # abidiff wants the root element on the first line.
    {
        sed "s, path='[^']*/\(lib\|malloc\)/, path='\1/," "$scratch/raw"
        echo '<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->'
    } > "$scratch/now.abi"
}

# check DIRECTORY NAME PREFIX: the library of that name, as it was built in that directory, against the record whose
# name begins with the prefix.
check() {
    [ -e "$top_builddir/$1/$2.la" ] || {
        echo "$2 was not built"
        return
    }
    dlname=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/$1/$2.la")
    [ -n "$dlname" ] || skip "no shared library was built"
    library=$top_builddir/$1/.libs/$dlname
    readelf -SW "$library" | grep -q '\.debug_info' || skip "$2 was built without -g"
    dump "$library"
    architecture=$(sed -n "s/^<abi-corpus .*architecture='\([^']*\)'.*/\1/p" "$scratch/now.abi")
    [ -n "$architecture" ] || die "abidw names no architecture"
    recorded=$srcdir/$3$architecture.abi
    if [ "$mode" = record ]; then
        cp "$scratch/now.abi" "$recorded"
        echo "recorded in $recorded"
    elif [ ! -f "$recorded" ]; then
        skip "nothing is recorded for $architecture"
    else
        abidiff --harmless "$recorded" "$scratch/now.abi" ||
            fail "the interface of $2 differs from $recorded; see HACKING, Release"
    fi
}

mode=${1-compare}
check lib libfrusa ''
check malloc libfrusa-malloc malloc-
finish "differences in the binary interfaces"
