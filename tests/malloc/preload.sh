#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs that know nothing of libfrusa, with the library preloaded, under options that change what is behind.

. "${srcdir:-.}/common.sh"

programs='cancelled early family keys late libc_names processes sandbox stack streams'
if with_cxx; then programs="$programs operators replaced"; fi

for options in '' checked=1 no_thread_cache=1 managed_max=4k,retain=0 thread_cache_max=64k,huge=always; do
    for program in $programs; do
        preloaded "$options" "./$program" || fail "$program, FRUSA_OPTIONS='$options': status $?"
    done
done
preloaded '' ./strict || fail "strict: status $?"
preloaded '' ./strict alone || fail "strict, one thread: status $?"
preloaded syscalls=all ./strict all || fail "strict, with all system calls: status $?"
preloaded syscalls=basic ./strict basic || fail "strict, with basic system calls: status $?"
preloaded '' ./scarce || fail "scarce: status $?"
preloaded '' ./together_plain || fail "together_plain: status $?"
preloaded '' ./deepbind "$PWD/.libs/bound.so" || fail "deepbind with a plugin: status $?"
if with_cxx; then
    preloaded '' ./host "$PWD/.libs/plugin.so" || fail "host with a plugin: status $?"
fi

finish "programs that failed"
