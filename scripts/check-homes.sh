#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/check-homes.sh DIRECTORY [HOME...]
#
# "make check-homes": installs the library from DIRECTORY/source, a copy of what a release holds, below
# DIRECTORY/prefix, then builds and runs the examples that were installed there, and those that put other software on
# libfrusa (examples/homes) or the ones that are named. What the machine lacks for them is skipped, and said.

. "$(dirname "$0")/common.sh"

[ -x "${1-}/source/configure" ] || die "usage: check-homes.sh DIRECTORY [HOME...]"
work=$(realpath "$1")
shift
prefix=$work/prefix

say "installing in $prefix"
rm -rf "$work/build" "$work/run" "$prefix"
mkdir -p "$work/build" "$work/run"
cd "$work/build"
if ! {
    ../source/configure --quiet --prefix="$prefix" --disable-core --disable-tests &&
        make -s -j "$jobs" install SUBDIRS="include lib malloc tools man examples"
} > "$work/install.log" 2>&1; then
    tail -n 40 "$work/install.log" >&2
    die "no installation, see $work/install.log"
fi

export PKG_CONFIG_PATH="$prefix/lib/pkgconfig" CMAKE_PREFIX_PATH="$prefix" PATH="$prefix/bin:$PATH"
export LD_LIBRARY_PATH="$prefix/lib"
examples=$prefix/share/doc/libfrusa/examples
cd "$work/run"
say "examples"
make -s -f "$examples/Makefile" all check
say "homes"
make -s -f "$examples/homes/Makefile" check WARNINGS='-Wall -Wextra -Werror' HOMES="$*"
