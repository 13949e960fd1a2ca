#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/check-kernel.sh BUILD-DIRECTORY
#
# What the freestanding core is for, with the libfrusa-core.a of a build directory: the example kernel
# (examples/kernel) is built, booted on an emulated PC with two processors, and what it says on the serial
# line is compared with what it should. And the core is compiled for 32 bits, and needs nothing there that
# it does not need elsewhere. Started by "make check-kernel"; installs what is missing first.

. "$(dirname "$0")/common.sh"

core=${1:?usage: check-kernel.sh BUILD-DIRECTORY}/lib/libfrusa-core.a
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
SECONDS_TO_BOOT=300

if [ "$(uname -m)" != x86_64 ]; then
    say "the example kernel is one for x86-64: nothing to check here"
    exit 0
fi
[ -f "$core" ] || die "no $core: was this configured with --disable-core?"
install_packages gcc libatomic-ops-dev libc6-dev-i386 make qemu-system-x86

# number NAME: what the kernel said of it.
number() {
    value=$(sed -n "s/^$1: \([0-9][0-9]*\)\$/\1/p" "$scratch/serial")
    [ -n "$value" ] || die "the kernel does not tell: $1"
    echo "$value"
}

say "building the kernel"
make -s -f "$top/examples/kernel/Makefile" O="$scratch" LIBFRUSA="$core" INCLUDE="$top/include" \
    CFLAGS='-O2 -g -Werror'

say "booting it on two processors"
status=0
timeout "$SECONDS_TO_BOOT" qemu-system-x86_64 -accel tcg -smp 2 -m 128 -display none -no-reboot \
    -serial "file:$scratch/raw" -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
    -kernel "$scratch/frusa-kernel" < /dev/null || status=$?
tr -d '\r' < "$scratch/raw" > "$scratch/serial"
cat "$scratch/serial"
[ "$status" -eq 33 ] || die "the emulator ended with status $status, not with the kernel's 33"

grep -qx 'the second processor runs' "$scratch/serial" || die "the second processor did not start"
before=$(number 'free pages before')
after=$(number 'free pages after')
[ "$before" -gt 1000 ] || die "the page allocator had $before pages only"
[ "$before" -eq "$after" ] || die "$before free pages before, $after after"
[ "$(number 'objects freed by the other processor')" -gt 0 ] || die "no object was freed by the other processor"
[ "$(number 'bytes reclaimed while both worked')" -gt 0 ] || die "nothing was reclaimed meanwhile"
[ "$(number 'bytes reclaimed in the end')" -gt 0 ] || die "nothing was left for the last reclaim"
[ "$(number 'bytes held in the end')" -eq 0 ] || die "the heap holds something in the end"
[ "$(tail -n 1 "$scratch/serial")" = equal ] || die "the kernel's last line is not: equal"

say "compiling the core for 32 bits"
sources=$(sed -n -e '/^core_sources/,/^$/p' -e '/^freestanding_sources/,/^$/p' "$top/lib/Makefile.am" |
    tr -s ' \t\134' '\n' | grep '\.c$')
for file in $sources; do
    object=$scratch/32-$(echo "$file" | tr / -).o
    gcc -m32 -std=gnu11 -O2 -ffreestanding -fno-pic -fno-stack-protector -mgeneral-regs-only \
        -fvisibility=hidden -fno-strict-aliasing -Wall -Wextra -Wundef -Wshadow -Wmissing-prototypes \
        -Werror -DFRUSA_FREESTANDING -DNDEBUG -I "$top/include" -iquote "$top/lib" \
        -c "$top/lib/$file" -o "$object"
done
ld -m elf_i386 -r -o "$scratch/core32.o" "$scratch"/32-*.o
needed=$(nm -u "$scratch/core32.o" | awk '{ print $2 }' | grep -vx -e memcpy -e memmove -e memset -e memcmp || true)
[ -z "$needed" ] || die "the 32-bit core needs $needed"
say "passed"
