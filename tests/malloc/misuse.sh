#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Misuse of malloc is reported in the names of its own calls.

. "${srcdir:-.}/common.sh"
make_scratch
exec 2> /dev/null # what the shell says of signals

# mistake KIND OPTIONS MESSAGE: the program ends by abort() after this line.
mistake() {
    preloaded "$2" ./mistake "$1" 2> "$scratch/message"
    status=$?
    [ "$status" -eq 134 ] || fail "$1: status $status"
    grep -qE "^frusa: $3: 0x[0-9a-f]+\$" "$scratch/message" || fail "$1: $(cat "$scratch/message")"
}

mistake free checked=1 'free: double free'
mistake static '' 'free: invalid pointer'
mistake static checked=1 'free: invalid pointer'
mistake cancelled '' 'free: invalid pointer'
mistake realloc checked=1 'realloc: double free'
mistake usable '' 'malloc_usable_size: invalid pointer'
mistake overflow checked=1 'free: overflow'
preloaded checked=1 ./mistake none || fail "no mistake: status $?"

finish "messages that differ"
