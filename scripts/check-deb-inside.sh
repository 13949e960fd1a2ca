#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The part of check-deb.sh that runs inside the minimal root: /repository holds the packages, /check the
# tests and a program. Only the local repository is configured, so nothing else can come along.

set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 MANPAGER=cat MANWIDTH=80

die() {
    echo "in the root: $*" >&2
    exit 1
}

# Every file of the system but those that apt, dpkg and man keep for themselves.
files() {
    find / -xdev \( -path /check -o -path /repository -o -path /tmp -o -path /dev -o -path /proc \
        -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/dpkg \
        -o -path /etc/apt \) -prune -o -print | sort
}

rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/repository ./' > /etc/apt/sources.list.d/local.list
files > /check/before
apt-get -qq update
apt-get -qq -y install libfrusa-dev
dpkg-query -W 'libfrusa*'

cd /check
# shellcheck disable=SC2046 # lists of words
cc demo.c $(pkg-config --cflags --libs frusa)
./a.out > output
grep -qx '[1-9][0-9]* bytes reclaimed' output || die "the program printed: $(cat output)"
echo "a program, compiled and run: $(head -n 1 output)"

man frusa_reclaim > page
grep -q 'frusa_reclaim(frusa_t \*f)' page || die "man frusa_reclaim does not show the page"
echo "man frusa_reclaim: $(wc -l < page) lines"

for test in examples manual; do
    AUTOPKGTEST_TMP=$(mktemp -d)
    export AUTOPKGTEST_TMP
    sh "/check/tests/$test" || die "debian/tests/$test fails"
done

apt-get -qq -y purge libfrusa-dev libfrusa0
files > /check/after
left=$(comm -13 /check/before /check/after)
[ -z "$left" ] || die "purge leaves: $left"
gone=$(comm -23 /check/before /check/after)
[ -z "$gone" ] || die "purge takes along: $gone"
[ -z "$(dpkg-query -W 'libfrusa*' 2> /dev/null)" ] || die "dpkg still knows: $(dpkg-query -W 'libfrusa*')"
echo "purged, nothing left"
