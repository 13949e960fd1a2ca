#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: run-sanitizers.sh SOURCE BUILD
#
# Builds SOURCE once for each compiler and set of sanitizers, in directories of their own below BUILD,
# runs the tests there, and prints a line for each. Fails if any of them does.

set -u
source=$(cd "$1" && pwd) || exit 1
mkdir -p "$2" && cd "$2" || exit 1
jobs=$(nproc 2> /dev/null || echo 2)
failed=0

# Thread sanitizer wants its fixed address ranges free, which much address space randomisation denies it.
fixed_addresses=
if setarch "$(uname -m)" -R true 2> /dev/null; then
    fixed_addresses="setarch $(uname -m) -R"
fi

export ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:die_after_fork=0${TSAN_OPTIONS:+:$TSAN_OPTIONS}"

# build_and_test COMPILER SANITIZERS OPTION...
build_and_test() {
    compiler=$1 sanitizers=$2
    shift 2
    # A static build: a version script and a sanitizer's runtime do not go together everywhere.
    [ -e config.status ] || "$source/configure" --quiet --disable-shared --disable-maintainer-mode \
        --enable-tests CC="$compiler" "$@" \
        CFLAGS="-g -O1 -fno-omit-frame-pointer -fsanitize=$sanitizers -fno-sanitize-recover=all" || return 1
    make -s -j "$jobs" || return 1
    for directory in unit stress; do
        # shellcheck disable=SC2086 # words
        $fixed_addresses make -s -k -j "$jobs" -C "tests/$directory" check || return 1
    done
    # Not those in which the kernel refuses what the sanitizer needs itself.
    # shellcheck disable=SC2016,SC2086 # a variable of make, words
    $fixed_addresses make -s -k -j "$jobs" -C tests/fault check-TESTS TESTS='$(FALLBACK_TESTS)'
}

# run_one COMPILER SANITIZERS OPTION...: a build directory, a log, a line.
run_one() {
    name=$1-$(echo "$2" | tr , +)
    if ! command -v "$1" > /dev/null; then
        printf '%-28s FAILED: %s is not installed\n' "$name" "$1"
        failed=1
        return
    fi
    mkdir -p "$name"
    if (cd "$name" && build_and_test "$@") > "$name.log" 2>&1; then
        programs=$(grep -c '^PASS:' "$name.log")
        if [ "$programs" -gt 0 ]; then
            printf '%-28s passed: %d test programs\n' "$name" "$programs"
            return
        fi
    fi
    printf '%-28s FAILED: see %s\n' "$name" "$(pwd)/$name.log"
    tail -n 40 "$name.log"
    find "$name" -name test-suite.log -exec tail -n 80 {} +
    failed=1
}

run_one gcc thread
run_one gcc address,undefined --enable-debug
run_one clang thread --disable-membarrier # the fenced path
run_one clang address,undefined --enable-debug
exit "$failed"
