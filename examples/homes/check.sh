#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh check.sh [HOME...]
#
# Builds and runs the programs of this directory, or those that are named, in the current directory, against the
# libfrusa that pkg-config finds. Each prints a figure. What the machine lacks is skipped, and said.

set -u
here=$(cd "$(dirname "$0")" && pwd)
passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: "${MAKE:=make}" "${PKG_CONFIG:=pkg-config}" "${CARGO:=cargo}"

build() {
    $MAKE -s -f "$here/Makefile" "$@"
}

# needs_command NAME DEBIAN-PACKAGE
needs_command() {
    command -v "$1" > /dev/null || {
        echo "no command $1 here (Debian: $2)"
        return 77
    }
}

# needs_package NAME DEBIAN-PACKAGE: of pkg-config.
needs_package() {
    $PKG_CONFIG --exists "$1" || {
        echo "no $1 here (Debian: $2)"
        return 77
    }
}

# ---- The homes: status 77 skips -----------------------------------------------------------------------

# program NAME: one in C.
program() {
    build "$1" && "./$1"
}

home_curl() { needs_package libcurl libcurl4-openssl-dev && program curl; }
home_guards() { program guards; }
home_hugepages() { program hugepages; }
home_libuv() { needs_package libuv libuv1-dev && program libuv; }
home_locked() { program locked; }
home_lua() { needs_package "$(build packages NAME=lua)" liblua5.4-dev && program lua; }
home_memfd() { program memfd; }
home_numa() { needs_package numa libnuma-dev && program numa; }
home_openssl() { needs_package libssl libssl-dev && program openssl; }
home_sqlite() { needs_package sqlite3 libsqlite3-dev && program sqlite; }
home_stacked() { program stacked; }

home_python() {
    needs_command python3 python3 && needs_command frusa-run frusa-tools && python3 "$here/python/check.py"
}

home_redis() {
    needs_command redis-server redis-server && needs_command redis-cli redis-tools &&
        needs_command frusa-run frusa-tools && build purge.so && sh "$here/redis/check.sh" ./purge.so
}

home_rust() {
    needs_command "$CARGO" cargo && build rust/release/frusa && ./rust/release/frusa
}

# logged COMMAND...: shows what a command said only if it fails.
logged() {
    "$@" > "$scratch/log" 2>&1 && return
    cat "$scratch/log"
    return 1
}

# is_overridden PROGRAM: its malloc is libfrusa-malloc, whose statistics it leaves.
is_overridden() {
    [ "$(FRUSA_OPTIONS="stats=$scratch/stats" "$1" text)" = text ] &&
        grep -q '"peak_allocated": [1-9]' "$scratch/stats" && rm "$scratch/stats"
}

# check_project DIRECTORY: what a build system made of projects/.
check_project() {
    for kind in '' -static; do
        logged "$1/instance$kind" || return
        is_overridden "$1/override$kind" || {
            echo "override$kind: another malloc"
            return 1
        }
    done
    ldd "$1/instance" | grep -q 'libfrusa\.so\.0' || return
    ! ldd "$1/instance-static" > "$scratch/log" 2>&1 || return
    echo "instance and override found and linked, shared and static"
}

# cmake_refuses REQUEST WORD: a project with such a version or component, with that word in the message.
cmake_refuses() {
    printf 'cmake_minimum_required(VERSION 3.19)\nproject(refused C)\nfind_package(frusa %s REQUIRED)\n' "$1" \
        > "$scratch/CMakeLists.txt"
    if ! cmake -S "$scratch" -B "$scratch/build" > "$scratch/log" 2>&1 && grep -q "$2" "$scratch/log"; then
        return 0
    fi
    echo "find_package(frusa $1) is not refused:"
    cat "$scratch/log"
    return 1
}

home_cmake() {
    needs_command cmake cmake || return
    rm -rf cmake
    logged cmake -S "$here/projects" -B cmake && logged cmake --build cmake && check_project cmake &&
        cmake_refuses 99 'not accepted' &&
        cmake_refuses '0.0.1...<0.1' 'not accepted' &&
        cmake_refuses '0.1 COMPONENTS nonsense' 'frusa::nonsense'
}

home_meson() {
    needs_command meson meson && needs_command ninja ninja-build || return
    rm -rf meson
    logged meson setup meson "$here/projects" && logged ninja -C meson && check_project meson
}

# ---- The run ------------------------------------------------------------------------------------------

# try NAME
try() {
    status=0
    output=$("home_$1" 2>&1) || status=$?
    case $status in
        0) outcome=ok passed=$((passed + 1)) ;;
        77) outcome=skip skipped=$((skipped + 1)) ;;
        *) outcome=FAIL failed=$((failed + 1)) ;;
    esac
    printf '%-5s %-10s %s\n' "$outcome" "$1" "$output"
}

$PKG_CONFIG --exists frusa || {
    echo "pkg-config finds no frusa: install libfrusa, or set PKG_CONFIG_PATH" >&2
    exit 1
}
[ $# -gt 0 ] || set -- sqlite lua openssl curl libuv redis rust python cmake meson \
    hugepages memfd numa locked guards stacked
for home; do
    try "$home"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
