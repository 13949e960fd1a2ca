# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# What the scripts share: the built library, and running programs under it.

. "${srcdir:-.}/../meta/common.sh"

dlname=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/malloc/libfrusa-malloc.la")
[ -n "$dlname" ] || skip "no shared library was built"
override=$top_builddir/malloc/.libs/$dlname
[ -e "$override" ] || die "there is no $override"

# preloaded OPTIONS COMMAND...: runs a command with the library preloaded and these FRUSA_OPTIONS.
preloaded() {
    options=$1
    shift
    timeout 60 env FRUSA_OPTIONS="$options" LD_PRELOAD="$override" "$@"
}

# with_cxx: are there tests in C++?
with_cxx() { [ "${HAVE_CXX17:?}" = yes ]; }
