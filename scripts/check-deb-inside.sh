#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The part of check-deb.sh that runs inside the minimal root, as a user would: /repository holds the packages,
# /check a program. Only the local repository is configured, so nothing else can come along.

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

# install PACKAGE
install() {
    apt-get -qq -y install "$1" > install.log 2>&1 || die "no $1: $(cat install.log)"
    dpkg-query -W '*frusa*'
}

# Purges all that install brought; nothing may be left of it, and nothing else be gone.
purge() {
    # shellcheck disable=SC2046 # a list of packages
    apt-get -qq -y purge $(dpkg-query -f '${Package}\n' -W '*frusa*') > purge.log 2>&1 ||
        die "no purge: $(cat purge.log)"
    files > after
    left=$(comm -13 before after)
    [ -z "$left" ] || die "purge leaves: $left"
    gone=$(comm -23 before after)
    [ -z "$gone" ] || die "purge takes along: $gone"
    [ -z "$(dpkg-query -W '*frusa*' 2> /dev/null)" ] || die "dpkg still knows: $(dpkg-query -W '*frusa*')"
    echo "purged, nothing left"
}

use_library() {
    # shellcheck disable=SC2046 # lists of words
    cc demo.c $(pkg-config --cflags --libs frusa)
    ./a.out > output
    grep -qx '[1-9][0-9]* bytes reclaimed' output || die "the program printed: $(cat output)"
    echo "a program, compiled and run: $(head -n 1 output)"
    man frusa_reclaim > page
    grep -q 'frusa_reclaim(frusa_t \*f)' page || die "man frusa_reclaim does not show the page"
    echo "man frusa_reclaim: $(wc -l < page) lines"
}

use_tools() {
    # shellcheck disable=SC2016 # it is Perl
    frusa-run --stats perl -e 'my %h = map { $_ => 1 } 1 .. 9999; print scalar(keys %h), "\n"' \
        > output 2> statistics
    [ "$(cat output)" = 9999 ] || die "frusa-run: $(cat output statistics)"
    grep -q 'held from the system' statistics || die "statistics: $(cat statistics)"
    cat statistics
    for name in frusa-run frusa-malloc libfrusa-malloc; do
        man "$name" > page
        grep -q '^SYNOPSIS' page || die "man $name does not show the page"
        echo "man $name: $(wc -l < page) lines"
    done
}

cd /check
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/repository ./' > /etc/apt/sources.list.d/local.list
files > before
apt-get -qq update
install libfrusa-dev
use_library
purge
install frusa-tools
use_tools
purge
