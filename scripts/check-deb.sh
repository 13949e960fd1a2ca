#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/check-deb.sh TARBALL DIRECTORY
#
# "make check-deb": builds the Debian packages from a release, the source package by itself, then all of them twice;
# lints them; compares the two; installs them from a local repository in a fresh minimal Debian 12, uses them there
# as a user would, and purges them; runs the packages' own tests, by autopkgtest. Works in DIRECTORY, and leaves the
# packages in DIRECTORY/first. Needs root; ROOT_TARBALL names a minimal root that is at hand (with gcc,
# libc6-dev, man-db and pkg-config), else one is made with the host's mirror.

. "$(dirname "$0")/common.sh"

[ $# -eq 2 ] || die "usage: check-deb.sh TARBALL DIRECTORY"
[ "$(id -u)" -eq 0 ] || die "a Debian root takes root to enter"
mkdir -p "$2"
tarball=$(realpath "$1")
work=$(realpath "$2")
version=$(dpkg-parsechangelog -l "$top/debian/changelog" -S Version)
upstream=${version%-*}
[ -f "$tarball" ] || die "no such file: $tarball"
[ "$(basename "$tarball")" = "libfrusa-$upstream.tar.xz" ] || die "$tarball is not libfrusa $upstream"

# logged NAME COMMAND...: runs a command with its output in a file, whose end is shown if it fails.
logged() {
    log=$work/$1.log
    shift
    "$@" > "$log" 2>&1 < /dev/null || {
        tail -n 60 "$log" >&2
        die "failed, see $log"
    }
}

# build NAME OPTION-OF-DPKG-BUILDPACKAGE [VARIABLE=VALUE...]
build() {
    directory=$work/$1
    option=$2
    shift 2
    rm -rf "$directory"
    mkdir -p "$directory"
    cp "$tarball" "$directory/libfrusa_$upstream.orig.tar.xz"
    tar -C "$directory" -xf "$tarball"
    cd "$directory/libfrusa-$upstream"
    logged "$(basename "$directory")" env "$@" dpkg-buildpackage -us -uc "$option"
    cd "$work"
}

# Of every severity. (With --fail-on, tags that are overridden count, too.) The overridden ones, of which there are
# some, show that it worked.
lint() {
    lintian --profile debian -EvIL +pedantic --show-overrides --allow-root "$work"/first/*.changes \
        > "$work/lintian.log" 2>&1 || true
    if grep '^[EWIPX]: ' "$work/lintian.log"; then
        die "lintian has findings"
    fi
    grep -q '^O: ' "$work/lintian.log" || die "lintian did not work: see $work/lintian.log"
}

# Packages built in another directory, in another time zone, under another mask and without tests are the same.
# (Where a directory's name has a blank, libtool cannot link with a library that is not installed yet.)
compare() {
    total=0
    for package in "$work"/first/*.deb; do
        cmp "$package" "$work/second-elsewhere/$(basename "$package")" || die "two builds differ"
        total=$((total + 1))
    done
    [ "$total" -gt 0 ] || die "no packages were built"
    say "$total packages, the same in both builds"
    (cd "$work/first" && sha256sum ./*.deb)
}

# The Debian sources of the host, for mmdebstrap.
mirror() {
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        if [ -s "$file" ]; then
            echo "$file"
            return
        fi
    done
}

# (The suffix tells mmdebstrap what to make.)
make_root_tarball() {
    # shellcheck disable=SC2046 # one word or none
    logged mmdebstrap mmdebstrap --variant=minbase --include=gcc,libc6-dev,man-db,pkg-config \
        --aptopt="$work/apt.conf" bookworm "$work/new-root.tar" $(mirror)
    mv "$work/new-root.tar" "$work/root.tar"
}

unpack_root() {
    rm -rf --one-file-system "$work/root"
    mkdir -p "$work/root"
    tar -C "$work/root" -xf "${ROOT_TARBALL:-$work/root.tar}"
}

# A repository of the packages in the root, and what is to be done there.
fill_root() {
    mkdir -p "$work/root/repository" "$work/root/check"
    cp "$work"/first/*.deb "$work/root/repository"
    (cd "$work/root/repository" && dpkg-scanpackages --multiversion . > Packages 2> /dev/null)
    cp "$top/scripts/check-deb-inside.sh" "$work/root/check/inside.sh"
    # README's first program.
    sed -n '/^    #include <frusa.h>/,/^    }/s/^    //p' "$top/README" > "$work/root/check/demo.c"
    grep -q 'int main' "$work/root/check/demo.c" || die "no program found in README"
}

# with_root COMMAND...: in namespaces of its own, with what a program expects below the root's /proc, /sys and /dev;
# what is mounted goes away with the command.
with_root() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child sh -euc '
        mount -t proc proc "$1/proc"
        mount --rbind /sys "$1/sys"
        mount --rbind /dev "$1/dev"
        shift
        exec "$@"
    ' with "$work/root" "$@"
}

# The tests in debian/tests, with what they depend on from the host's mirror.
run_package_tests() {
    cp /etc/resolv.conf "$work/root/etc/resolv.conf"
    mkdir -p "$work/root/etc/apt/apt.conf.d"
    cp "$work/apt.conf" "$work/root/etc/apt/apt.conf.d/90host"
    rm -rf "$work/tests"
    with_root autopkgtest --quiet --apt-upgrade --output-dir "$work/tests" \
        "$work"/first/*.deb "$work"/first/*.dsc -- chroot "$work/root"
}

# shellcheck disable=SC2086 # a list of words
install_packages $build_packages autopkgtest bash-completion check debhelper dpkg-dev g++ groff lintian \
    mandoc mmdebstrap python3 valgrind xz-utils

say "building the source package"
build source -S
say "building the packages, with tests"
build first --build=full
say "lintian"
lint
say "building them again"
# shellcheck disable=SC2031 # that is meant
(umask 027 && build "second-elsewhere" --build=binary DEB_BUILD_OPTIONS=nocheck TZ=Pacific/Chatham)
compare
apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::Proxy)' > "$work/apt.conf" || true
if [ -z "${ROOT_TARBALL-}" ] && [ ! -f "$work/root.tar" ]; then
    say "making a minimal root"
    make_root_tarball
fi
say "installing and using them in a minimal root"
unpack_root
fill_root
logged inside with_root chroot "$work/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    sh /check/inside.sh
cat "$work/inside.log"
say "running the packages' tests"
unpack_root
logged tests run_package_tests
cat "$work/tests/summary"
rm -rf --one-file-system "$work/root"
say "packages: $work/first"
