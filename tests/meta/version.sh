#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The version is the same in the header, the built library, frusa.pc, NEWS and the Debian changelog.

. "${srcdir:-.}/common.sh"

header=$(sed -n 's/^#define FRUSA_VERSION  *"\([^"]*\)".*/\1/p' "$top_srcdir/include/frusa.h")
[ -n "$header" ] || die "include/frusa.h defines no FRUSA_VERSION"

# same WHERE VERSION
same() {
    [ "$2" = "$header" ] || fail "$1 says '$2', include/frusa.h '$header'"
}

same "configure" "${PACKAGE_VERSION:?}"
same "frusa_version()" "$(./print_version library)"
same "FRUSA_VERSION_NUMBER" "$(./print_version number)"
same "frusa.pc" "$(sed -n 's/^Version: //p' "$top_builddir/frusa.pc")"
same "frusa-uninstalled.pc" "$(sed -n 's/^Version: //p' "$top_builddir/frusa-uninstalled.pc")"
same "frusa-malloc.pc" "$(sed -n 's/^Version: //p' "$top_builddir/frusa-malloc.pc")"
same "NEWS, first entry" "$(sed -n '/^libfrusa [0-9]/{s/^libfrusa \([^ ]*\).*/\1/p;q;}' "$top_srcdir/NEWS")"
if [ -f "$top_srcdir/debian/changelog" ]; then
    same "debian/changelog" "$(sed -n '1s/^[^(]*(\([^)-]*\)[^)]*).*/\1/p' "$top_srcdir/debian/changelog")"
fi

finish "versions that differ"
