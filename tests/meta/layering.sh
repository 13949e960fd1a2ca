#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What depends on the platform, on the compiler or on libatomic_ops stays in lib/port.

. "${srcdir:-.}/common.sh"

port=$(list_sources lib/port .c .h)
require_list "files in lib/port" "$port"
sources=$(list_sources lib .c .h | grep -v '^lib/port/'; list_sources malloc .c .h .cc)
require_list "library sources outside lib/port" "$sources"

# forbid WHY PATTERN FILES...: no line of the files may match.
forbid() {
    why=$1 pattern=$2
    shift 2
    found=$(cd "$top_srcdir" && grep -nE -e "$pattern" "$@")
    [ -z "$found" ] || fail "$why:
$found"
}

# Predefined macros of platforms and compilers start with two underscores; __cplusplus is not one of theirs.
platform='^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif).*\b(__([a-bd-zA-Z]|c[^p])|_WIN32|_MSC_VER|linux\b|unix\b)'
atomics='(__atomic_|__sync_|_Atomic\b|stdatomic\.h|\bAO_|atomic_ops)'
# shellcheck disable=SC2086 # lists of file names
forbid "a platform or compiler condition outside lib/port" "$platform" $sources
# shellcheck disable=SC2086
forbid "atomics not by way of port/atomic.h" "$atomics" $sources
# shellcheck disable=SC2046
forbid "libatomic_ops outside port/atomic.h" '(\bAO_|atomic_ops\.h)' \
    $(echo "$port" | grep -v '^lib/port/atomic\.h$')
# shellcheck disable=SC2086
forbid "the GPL part of libatomic_ops" '(atomic_ops_malloc|atomic_ops_stack|atomic_ops_gpl)' $port $sources

finish "what belongs into lib/port"
