#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The examples of the pages compile without a warning, link with the library that was built, run,
# and print what the page says that they print.
#
# An example stands between .\" SRC BEGIN (NAME.c) and .\" SRC END; its output, where the page shows
# it, between .\" OUT BEGIN (NAME.c) and .\" OUT END. One in C++ is called NAME.cc.

. "${srcdir:-.}/../meta/common.sh"
command -v mandoc > /dev/null || skip "mandoc is not installed"
make_scratch
XDG_RUNTIME_DIR=$scratch # for control sockets
export XDG_RUNTIME_DIR

# names_of KIND PAGE: the files of the blocks of one KIND, SRC or OUT.
names_of() {
    sed -n 's/^\.\\" '"$1"' BEGIN (\([a-z0-9_]*\.cc*\))$/\1/p' "$2"
}

# block KIND NAME PAGE: the text of one block, as a reader sees it. The rendered page adds a header
# line and a blank one before it, and the same in reverse behind it.
block() {
    {
        echo '.TH block 3'
        sed -n '/^\.\\" '"$1"' BEGIN ('"$2"')$/,/^\.\\" '"$1"' END$/p' "$3"
    } | mandoc -Tascii -Oindent=0 | sed '1d;$d' | sed '1d;$d'
}

# build FILE: compiles and links one example, as README tells users to: with the package of the header that
# it includes.
build() {
    package=frusa
    ! grep -q '#include <frusa-malloc\.h>' "$scratch/$1" || package=frusa-malloc
    cflags=$(${PKG_CONFIG:?} --cflags $static $package) || die "pkg-config fails"
    libs=$($PKG_CONFIG --libs $static $package) || die "pkg-config fails"
    case $1 in
        *.cc) compiler="${CXX:?} -std=c++17 ${CXXFLAGS-}" ;;
        *) compiler="${CC:?} ${CFLAGS-}" ;;
    esac
    # shellcheck disable=SC2086 # lists of words
    $compiler ${CPPFLAGS-} ${PTHREAD_CFLAGS-} -Wall -Wextra -Werror $cflags ${LDFLAGS-} \
        "$scratch/$1" -o "$scratch/program" $libs ${PTHREAD_LIBS-} ${LIBS-}
}

# lacks FILE: says what is not there that an example needs; fails when all is there.
lacks() {
    if [ ! -e "$top_builddir/malloc/libfrusa-malloc.la" ] &&
        grep -q '#include <frusa-malloc\.h>' "$scratch/$1"; then
        echo "libfrusa-malloc"
    elif [ "${1%.cc}" != "$1" ] && [ "${HAVE_CXX17:?}" != yes ]; then
        echo "a compiler of C++17"
    else
        return 1
    fi
}

# check FILE PAGE: one example from source to output.
check() {
    block SRC "$1" "$2" > "$scratch/$1"
    if missing=$(lacks "$1"); then
        echo "$1 is passed over: there is no $missing"
    elif ! build "$1"; then
        fail "$(basename "$2"): $1 does not build"
    elif ! timeout 60 "$scratch/program" < /dev/null > "$scratch/$1.printed"; then
        fail "$(basename "$2"): $1 fails"
    elif names_of OUT "$2" | grep -qx "$1"; then
        block OUT "$1" "$2" | diff - "$scratch/$1.printed" ||
            fail "$(basename "$2"): $1 prints something else"
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
        [ ! -e "$scratch/$name" ] || fail "$(basename "$page"): $name exists twice"
        check "$name" "$page"
        total=$((total + 1))
    done
    for name in $(names_of OUT "$page"); do
        [ -e "$scratch/$name" ] || fail "$(basename "$page"): output of $name, but no $name"
    done
done
[ "$total" -gt 0 ] || die "no examples"
echo "$total examples"

finish "examples that do not hold"
