#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The examples of the pages compile without a warning, link with the library that was built, run,
# and print what the page says that they print.
#
# An example stands between .\" SRC BEGIN (NAME.c) and .\" SRC END; its output, where the page shows
# it, between .\" OUT BEGIN (NAME.c) and .\" OUT END.

. "${srcdir:-.}/../meta/common.sh"
command -v mandoc > /dev/null || skip "mandoc is not installed"
make_scratch

# names_of KIND PAGE: of the blocks of one KIND, SRC or OUT.
names_of() {
    sed -n 's/^\.\\" '"$1"' BEGIN (\([a-z0-9_]*\)\.c)$/\1/p' "$2"
}

# block KIND NAME PAGE: the text of one block, as a reader sees it. The rendered page adds a header
# line and a blank one before it, and the same in reverse behind it.
block() {
    {
        echo '.TH block 3'
        sed -n '/^\.\\" '"$1"' BEGIN ('"$2"'\.c)$/,/^\.\\" '"$1"' END$/p' "$3"
    } | mandoc -Tascii -Oindent=0 | sed '1d;$d' | sed '1d;$d'
}

# build NAME: compiles and links one example, as README tells users to: with the package of the header that
# it includes.
build() {
    package=frusa
    ! grep -q '#include <frusa-malloc\.h>' "$scratch/$1.c" || package=frusa-malloc
    cflags=$(${PKG_CONFIG:?} --cflags $static $package) || die "pkg-config fails"
    libs=$($PKG_CONFIG --libs $static $package) || die "pkg-config fails"
    # shellcheck disable=SC2086 # lists of words
    ${CC:?} ${CPPFLAGS-} ${CFLAGS-} ${PTHREAD_CFLAGS-} -Wall -Wextra -Werror $cflags ${LDFLAGS-} \
        "$scratch/$1.c" -o "$scratch/$1" $libs ${PTHREAD_LIBS-} ${LIBS-}
}

# is_built NAME: whether the library is there that an example needs.
is_built() {
    [ -e "$top_builddir/malloc/libfrusa-malloc.la" ] ||
        ! grep -q '#include <frusa-malloc\.h>' "$scratch/$1.c"
}

# check NAME PAGE: one example from source to output.
check() {
    block SRC "$1" "$2" > "$scratch/$1.c"
    if ! is_built "$1"; then
        echo "$1.c is passed over: built --without-malloc"
    elif ! build "$1"; then
        fail "$(basename "$2"): $1.c does not build"
    elif ! timeout 60 "$scratch/$1" < /dev/null > "$scratch/$1.printed"; then
        fail "$(basename "$2"): $1.c fails"
    elif names_of OUT "$2" | grep -qx "$1"; then
        block OUT "$1" "$2" | diff - "$scratch/$1.printed" ||
            fail "$(basename "$2"): $1.c prints something else"
    fi
}

static=--static
[ ! -e "$top_builddir/lib/.libs/libfrusa.so" ] || static=
export PKG_CONFIG_PATH="$top_builddir"

total=0
pages=$(grep -L '^\.so ' "$top_srcdir"/man/*.[1-8])
require_list "manual pages" "$pages"
for page in $pages; do
    names=$(names_of SRC "$page")
    [ -n "$names" ] || [ "${page%.1}" != "$page" ] || fail "$(basename "$page"): no example"
    for name in $names; do
        [ ! -e "$scratch/$name.c" ] || fail "$(basename "$page"): $name.c exists twice"
        check "$name" "$page"
        total=$((total + 1))
    done
    for name in $(names_of OUT "$page"); do
        [ -e "$scratch/$name.c" ] || fail "$(basename "$page"): output of $name.c, but no $name.c"
    done
done
[ "$total" -gt 0 ] || die "no examples"
echo "$total examples"

finish "examples that do not hold"
