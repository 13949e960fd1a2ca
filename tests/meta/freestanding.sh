#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# libfrusa-core.a needs nothing from outside but memcpy, memmove, memset and memcmp, uses no register but the
# general ones where the compiler can be told so, and has no thread-local variable.

. "${srcdir:-.}/common.sh"
make_scratch

core=$top_builddir/lib/libfrusa-core.a
[ -f "$core" ] || skip "configured with --disable-core"

# needs_nothing WHAT FILE: FILE, an archive or object, has no undefined symbol but the four.
needs_nothing() {
    ${NM:?} --defined-only "$2" | awk 'NF == 3 { print $3 }' | sort -u > "$scratch/defined"
    ${NM:?} -u "$2" | awk 'NF == 2 { print $2 }' | sort -u > "$scratch/undefined"
    grep -qx frusa_alloc "$scratch/defined" || die "$1 defines no frusa_alloc"
    for name in $(comm -13 "$scratch/defined" "$scratch/undefined"); do
        case $name in
            memcpy | memmove | memset | memcmp) ;;
            __aeabi_idiv* | __aeabi_uidiv*) ;; # the run-time ABI of ARM, where it has no such instruction
            *) fail "$1 needs $name" ;;
        esac
    done
}

${NM:?} -u "$core" > "$scratch/all"
if grep -q -e '__[atmu][a-z]*san_' -e __gcov_ -e __llvm_prof "$scratch/all"; then
    skip "this core is instrumented"
fi
needs_nothing "the core" "$core"
if ${NM:?} "$core" | grep -q ' [bBdD] .*\.tls'; then
    fail "the core has thread-local variables"
fi
if [ "$(uname -m)" = x86_64 ] && command -v objdump > /dev/null; then
    found=$(objdump -d --no-show-raw-insn "$core" | grep -m 3 -e '%[xyz]mm' -e '%st')
    [ -z "$found" ] || fail "the core uses registers that kernels do not save:
$found"
fi

finish "what the core should not need"
