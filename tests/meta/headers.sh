#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The installed headers compile alone, as C11, C++11, C++17 and C++20, without a warning, in every compiler that
# is here; and so do the initialisers. Those for C++ alone begin with C++17.

. "${srcdir:-.}/common.sh"
make_scratch

c_headers=$(list_sources include .h)
require_list "headers" "$c_headers"
cxx_headers=$(list_sources include .hpp)
require_list "headers for C++" "$cxx_headers"

for header in $c_headers; do
    echo "#include <${header#include/}>"
done > "$scratch/includes"
cat "$scratch/includes" - > "$scratch/initialisers" << 'END'
extern frusa_t heap_default, heap_4k, heap_2m, heap_config;
static const struct frusa_config config = FRUSA_CONFIG_INIT;
frusa_t heap_default = FRUSA_INITIALIZER(NULL, NULL);
frusa_t heap_4k = FRUSA_4K_INITIALIZER(&frusa_fallback_malloc);
frusa_t heap_2m = FRUSA_2M_INITIALIZER(&frusa_fallback_mmap);
frusa_t heap_config = FRUSA_INITIALIZER(&frusa_fallback_malloc, &config);
END

warnings="-Werror -Wall -Wextra -Wpedantic -Wundef -Wshadow -Wconversion -Wcast-align -Wredundant-decls"
compiled=0

# compile COMPILER STANDARD LANGUAGE FLAGS...: each header by itself, twice, and the initialisers.
compile() {
    compiler=$1 standard=$2 language=$3
    shift 3
    headers=$c_headers
    case $standard in c++17 | c++20) headers="$c_headers $cxx_headers" ;; esac
    for header in $headers; do
        printf '#include <%s>\n#include <%s>\n' "${header#include/}" "${header#include/}" > "$scratch/alone"
        # shellcheck disable=SC2086 # lists of words
        $compiler -x $language "-std=$standard" $warnings "$@" -I "$top_srcdir/include" \
            -c "$scratch/alone" -o "$scratch/out.o" || fail "$compiler -std=$standard: $header"
    done
    # shellcheck disable=SC2086
    $compiler -x $language "-std=$standard" $warnings "$@" -I "$top_srcdir/include" \
        -c "$scratch/initialisers" -o "$scratch/out.o" || fail "$compiler -std=$standard: initialisers"
    echo "compiled with $compiler -std=$standard"
    compiled=$((compiled + 1))
}

for compiler in gcc clang; do
    command -v $compiler > /dev/null || continue
    compile "$compiler" c11 c -Wmissing-prototypes -Wstrict-prototypes
done
[ "$compiled" -gt 0 ] || compile "${CC:?}" c11 c

c_compilers=$compiled
for compiler in g++ clang++; do
    command -v $compiler > /dev/null || continue
    compile "$compiler" c++11 c++
    compile "$compiler" c++17 c++
    compile "$compiler" c++20 c++
done

[ "$failures" -ne 0 ] || [ "$compiled" -gt "$c_compilers" ] || skip "no C++ compiler here (C11 compiles)"
finish "headers that do not compile alone"
