#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# <frusa.hpp> and the programs of this directory compile without a warning as C++17 and C++20, with and without
# optimisation, exceptions and run-time type information, by each compiler that is here; and the programs pass.

. "${srcdir:-.}/../meta/common.sh"
make_scratch
export PKG_CONFIG_PATH="$top_builddir"

static=
[ -e "$top_builddir/lib/.libs/libfrusa.so" ] || static=--static
cflags=$(${PKG_CONFIG:?} --cflags frusa-uninstalled) || die "pkg-config fails"
# shellcheck disable=SC2086 # no word, or one
libs=$($PKG_CONFIG --libs $static frusa-uninstalled) || die "pkg-config fails"
warnings="-Werror -Wall -Wextra -Wpedantic -Wundef -Wshadow -Wconversion -Wcast-align"

# try COMPILER PROGRAM FLAGS...: builds the program and runs it.
try() {
    compiler=$1 program=$2
    shift 2
    # shellcheck disable=SC2086 # lists of words
    if ! $compiler $warnings "$@" $cflags "$srcdir/$program.cc" -o "$scratch/program" ${LDFLAGS-} $libs \
        ${PTHREAD_LIBS-} -pthread; then
        fail "$compiler $*: $program.cc does not build"
    elif ! timeout 120 "$scratch/program"; then
        fail "$compiler $*: $program fails"
    fi
}

# Whether the compiler makes programs in C++17 here: clang++ may lack a library.
is_usable() {
    command -v "${1%% *}" > /dev/null &&
        echo '#include <memory_resource>
              int main() { return std::pmr::new_delete_resource() == nullptr; }' |
        $1 -std=c++17 -x c++ - -o "$scratch/empty" 2> /dev/null
}

echo '#include <frusa.hpp>' > "$scratch/header.cc"

used=0
for compiler in g++ clang++; do
    is_usable "$compiler" || continue
    try "$compiler" instances -std=c++17 -O2
    try "$compiler" containers -std=c++17 -O2
    try "$compiler" containers -std=c++20 -O0
    try "$compiler" containers -std=c++17 -O1 -fno-exceptions -fno-rtti
    # shellcheck disable=SC2086 # lists of words
    $compiler -std=c++17 $warnings -Wold-style-cast $cflags -fsyntax-only "$scratch/header.cc" ||
        fail "$compiler -Wold-style-cast: the header does not compile"
    used=$((used + 1))
done
[ "$used" -gt 0 ] || skip "no compiler of C++17 with <memory_resource>"
finish "uses of <frusa.hpp> that fail"
