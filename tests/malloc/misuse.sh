#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Misuse of malloc is reported in the names of its own calls.

. "${srcdir:-.}/common.sh"
make_scratch
exec 2> /dev/null # what the shell says of signals

# mistake KIND OPTIONS MESSAGE [REST]: the program ends by abort() after this line.
mistake() {
    program=./mistake
    case $1 in
        delete | array | unaligned) program=./mistake_cxx ;;
    esac
    preloaded "$2" $program "$1" 2> "$scratch/message"
    status=$?
    [ "$status" -eq 134 ] || fail "$1: status $status"
    grep -qE "^frusa: $3: 0x[0-9a-f]+${4-}\$" "$scratch/message" || fail "$1: $(cat "$scratch/message")"
}

mistake free checked=1 'free: double free'
mistake static '' 'free: invalid pointer'
mistake static checked=1 'free: invalid pointer'
mistake cancelled '' 'free: invalid pointer'
mistake realloc checked=1 'realloc: double free'
mistake usable '' 'malloc_usable_size: invalid pointer'
mistake overflow checked=1 'free: overflow' ': allocated as 40 bytes'
mistake sized checked=1 'free_sized: layout mismatch' ': freed as 1000 bytes, allocated as 40'
mistake sized '' 'malloc_trim: layout mismatch' \
    ': freed as 1024 bytes, allocated as 48; run with FRUSA_OPTIONS=checked=1 to find the call'
mistake zero checked=1 'realloc: double free'
if with_cxx; then
    mistake delete checked=1 'operator delete: layout mismatch' ': freed as 1000 bytes, allocated as 112'
    mistake array checked=1 'operator delete\[\]: double free'
    mistake unaligned checked=1 'operator delete: layout mismatch' \
        ': freed as 100 bytes aligned to 64, allocated as 100'
fi
preloaded checked=1 ./mistake none || fail "no mistake: status $?"

finish "messages that differ"
