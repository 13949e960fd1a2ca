#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/check-cross.sh [MACHINE...]
#
# "make check-cross": builds the library for other machines with Debian's cross compilers, and for this one
# with other compilers and another C library, runs the tests (other machines' under qemu-user), and prints a
# row for each:
#
#   i386 arm64 armhf riscv64 s390x ppc64el   what Debian calls them
#   clang musl                               this machine
#   pages64k                                 this machine, but the library takes pages for 64 KiB long
#   headers                                  the installed headers, by C and C++ compilers and standards
#
# Without arguments: all of them. Each machine has a root of its own for libraries, which Debian does not let
# stand side by side, below the working directory CROSS_DIRECTORY (default build/cross); apt works on them
# with a state directory of its own there, so that the host's is left alone. The emulator comes from Debian's
# backports: that of Debian 12 itself fails in a child that a program with threads has forked. CROSS_TESTS=short
# runs a handful of tests instead of all.

. "$(dirname "$0")/common.sh"

work=${CROSS_DIRECTORY:-$top/build/cross}
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ ! -e "$top/config.status" ] || die "the source directory is configured: make distclean, or make check-cross"

# Emulated programs take 10 to 30 times as long.
: "${FRUSA_TEST_SCALE:=0.02}" "${FRUSA_TEST_SECONDS:=3}" "${FRUSA_TEST_WATCHDOG:=600}"
export FRUSA_TEST_SCALE FRUSA_TEST_SECONDS FRUSA_TEST_WATCHDOG

few_tests="test_barrier test_chunk test_reclaim test_reclaim_threads test_stats test_thread_cache"
every_machine="i386 arm64 armhf riscv64 s390x ppc64el clang musl pages64k headers"
rows=
failed=0

# describe MACHINE: sets what the rest needs to know about it.
describe() {
    machine=$1 arch=$1 emulator='' runner=''
    case $arch in
    i386) triplet=i686-linux-gnu multiarch=i386-linux-gnu qemu=qemu-i386 ;;
    arm64) triplet=aarch64-linux-gnu multiarch=$triplet qemu=qemu-aarch64 ;;
    armhf) triplet=arm-linux-gnueabihf multiarch=$triplet qemu=qemu-arm ;;
    riscv64) triplet=riscv64-linux-gnu multiarch=$triplet qemu=qemu-riscv64 ;;
    s390x) triplet=s390x-linux-gnu multiarch=$triplet qemu=qemu-s390x ;;
    ppc64el) triplet=powerpc64le-linux-gnu multiarch=$triplet qemu=qemu-ppc64le ;;
    clang | musl | pages64k | headers) triplet='' multiarch='' qemu='' ;;
    *) die "no such machine: $1 (there are: $every_machine)" ;;
    esac
    case $arch in
    clang) compiler=clang ;;
    musl) compiler=musl-gcc ;;
    pages64k) compiler=gcc ;;
    headers) compiler='gcc, clang' ;;
    *) compiler=$triplet-gcc ;;
    esac
    root=$work/$arch/root
    # Libraries by path: the host's cache of them may name some of the same machine.
    [ -z "$qemu" ] || emulator="$work/qemu/usr/bin/$qemu -L /usr/$triplet \
-E LD_LIBRARY_PATH=/usr/$triplet/lib:$root/usr/lib/$multiarch"
}

# The Debian packages of the host that the machines take.
needed_packages() {
    for name; do
        describe "$name"
        case $arch in
        clang) echo clang check ;;
        pages64k) echo gcc check ;;
        musl) echo musl-tools linux-libc-dev ;;
        headers) echo clang g++ ;;
        *) echo "gcc-$(echo "$triplet" | tr _ -)" "libc6-dev-$arch-cross" ;;
        esac
    done | tr ' ' '\n' | sort -u
}

# The address of the host's Debian mirror.
mirror() {
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        [ ! -e "$file" ] || sed -nE 's,^(URIs:|deb .*) *(https?://[^ ]*/debian)/?( .*)?$,\2,p' "$file"
    done | head -n 1
}

# fetch DIRECTORY ARCHITECTURE SUITE PACKAGE...: has the packages there, by an apt of its own.
fetch() {
    debs=$1 of=$2 suite=$3
    shift 3
    [ ! -e "$debs/complete" ] || return 0
    rm -rf "$debs"
    mkdir -p "$debs/lists/partial" "$debs/archives/partial"
    from=$(mirror)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
        "${from:-http://deb.debian.org/debian} $suite main" > "$debs/sources.list"
    for command in update "download $*"; do
        # shellcheck disable=SC2086 # a list of words
        (cd "$debs" && apt-get -qq -o APT::Architecture="$of" -o APT::Architectures="$of" \
            -o Dir::State="$debs" -o Dir::State::status=/dev/null -o Dir::Cache="$debs" \
            -o Dir::Etc::sourcelist="$debs/sources.list" -o Dir::Etc::sourceparts=- \
            -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" $command) || return 1
    done
    touch "$debs/complete"
}

# unpack DIRECTORY TARGET: nothing is configured, these are programs, headers and libraries.
unpack() {
    for deb in "$1"/*.deb; do
        dpkg -x "$deb" "$2" || return 1
    done
}

# The headers that a C library of its own does not bring, by links.
link_headers() {
    mkdir -p "$root/usr/include"
    for name in asm-generic linux; do
        ln -sfn "/usr/include/$name" "$root/usr/include/$name"
    done
    ln -sfn "/usr/include/$(dpkg-architecture -qDEB_HOST_MULTIARCH)/asm" "$root/usr/include/asm"
}

# Libraries are looked for in the root alone. Debian 12 has no archive for riscv64, but libatomic_ops' headers
# are the same for all machines and all that is needed; without libcheck the project's own runner serves.
fill_root() {
    native=$(dpkg --print-architecture)
    rm -rf "$root"
    mkdir -p "$root"
    case $arch in
    clang | pages64k) return ;;
    riscv64 | musl)
        fetch "$work/debs/$arch" "$native" bookworm libatomic-ops-dev &&
            unpack "$work/debs/$arch" "$root" || return 1
        mkdir -p "$root/pkgconfig"
        mv "$root"/usr/lib/*/pkgconfig/atomic_ops.pc "$root/pkgconfig"
        rm -r "$root/usr/lib"
        [ "$arch" != musl ] || link_headers
        runner=--with-minimal-runner
        ;;
    *)
        fetch "$work/debs/$arch" "$arch" bookworm check libatomic-ops-dev libsubunit-dev libsubunit0 &&
            unpack "$work/debs/$arch" "$root" || return 1
        mv "$root/usr/lib/$multiarch/pkgconfig" "$root"
        ;;
    esac
}

fill_qemu() {
    [ -n "$qemu" ] && [ ! -x "$work/qemu/usr/bin/$qemu" ] || return 0
    fetch "$work/debs/qemu" "$(dpkg --print-architecture)" bookworm-backports qemu-user &&
        unpack "$work/debs/qemu" "$work/qemu"
}

configure_here() {
    if [ "$arch" = clang ]; then
        "$top/configure" --quiet --disable-static --enable-werror --enable-tests CC=clang
    elif [ "$arch" = pages64k ]; then
        "$top/configure" --quiet --disable-static --enable-werror --enable-tests --enable-debug \
            CPPFLAGS=-DFR_PRETEND_PAGE_SIZE=65536
    else
        PKG_CONFIG_LIBDIR=$root/pkgconfig "$top/configure" --quiet --disable-static --enable-werror \
            --enable-tests ${triplet:+--host=$triplet} ${runner:+"$runner"} CC="$compiler" \
            CPPFLAGS="-isystem $root/usr/include" LDFLAGS="-L$root/usr/lib/$multiarch"
    fi
}

# Builds everything that programs and tests use, and runs the tests; all of them whatever fails.
build_and_test() {
    status=0
    make -s -j "$jobs" -C lib || return 1
    make -s -j "$jobs" -C tests/support || return 1
    rm -f tests/*/*.log tests/*/*.trs
    if [ "${CROSS_TESTS:-all}" = short ]; then
        make -s -k -j "$jobs" -C tests/unit check-TESTS LOG_FLAGS="$emulator" TESTS="$few_tests"
        return
    fi
    for directory in unit freestanding stress; do
        make -s -k -j "$jobs" -C "tests/$directory" check LOG_FLAGS="$emulator" || status=1
    done
    # Not those in which the kernel refuses, as an emulator hides its filters and limits.
    # shellcheck disable=SC2016 # a variable of make
    make -s -k -j "$jobs" -C tests/fault check-TESTS LOG_FLAGS="$emulator" TESTS='$(FALLBACK_TESTS)' || status=1
    # Not what preloads a library, which no emulator here does.
    # shellcheck disable=SC2016 # a variable of make
    make -s -k -j "$jobs" -C tests/misuse check LOG_FLAGS="$emulator" TESTS='$(MISTAKES)' || status=1
    return $status
}

prepare_and_test() {
    [ -z "$qemu" ] || export FRUSA_TEST_EMULATED=1
    fill_qemu && fill_root && cd "$work/$arch" || return 1
    [ -e config.status ] || configure_here || return 1
    build_and_test
}

check_headers() {
    mkdir -p "$work/headers"
    cd "$work/headers"
    top_srcdir=$top top_builddir=. srcdir=$top/tests/meta CC=gcc sh "$top/tests/meta/headers.sh"
}

# count WORD: programs with that outcome in the log.
count() {
    grep -c "^$1: " "$log" || true
}

# The sum of the closing lines of the unit tests.
checks() {
    find "$work/$arch/tests" -name '*.log' -exec \
        awk '/^[0-9]+%: Checks: / { sum += $3 } END { print sum + 0 }' {} +
}

row() {
    line=$(printf '%-12s %-26s %8s %8s %8s %8s %8s %6s' "$@")
    rows="$rows$line
"
}

# one MACHINE: adds its row, and shows the end of the log if anything failed.
one() {
    describe "$1"
    log=$work/$machine.log
    start=$(date +%s)
    say "$machine"
    mkdir -p "$work/$arch"
    outcome=passed
    if [ "$machine" = headers ]; then
        (check_headers) > "$log" 2>&1 < /dev/null || outcome=FAILED
        sed -i 's/^compiled with/PASS: compiled with/' "$log"
        seen=-
    else
        (prepare_and_test) > "$log" 2>&1 < /dev/null || outcome=FAILED
        seen=$(checks)
    fi
    passed=$(count PASS) bad=$(($(count FAIL) + $(count ERROR))) skipped=$(count SKIP)
    # A run of nothing has not passed.
    [ "$passed" -gt 0 ] && [ "$bad" -eq 0 ] || outcome=FAILED
    row "$machine" "$compiler" "$passed" "$bad" "$skipped" "$seen" $(($(date +%s) - start)) "$outcome"
    [ "$outcome" = passed ] && return
    failed=1
    tail -n 30 "$log"
    grep -E '^(FAIL|ERROR): ' "$log" || true
    echo "see $log and the logs below $work/$arch/tests"
}

# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $every_machine
# shellcheck disable=SC2046,SC2086
install_packages $build_packages dpkg-dev $(needed_packages "$@")
cd "$top"
[ -e configure ] || autoreconf -fi
row machine compiler passed failed skipped checks seconds ''
for name; do
    one "$name"
done
printf '\n%s' "$rows"
if [ "$failed" -eq 0 ]; then
    say "all machines passed"
else
    say "some machines FAILED"
fi
exit "$failed"
