#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Programs that are linked with pkg-config's flags: as usual, static, and static and position-independent; those that
# call no function of the library too.

. "${srcdir:-.}/../meta/common.sh"
make_scratch

export PKG_CONFIG_PATH="$top_builddir"

# flags OPTION...: of the library in its build directory.
flags() { ${PKG_CONFIG:?} "$@" frusa-malloc-uninstalled; }
cflags=$(flags --cflags) || die "pkg-config fails"

# build SOURCE COMPILER FLAGS...: makes $scratch/program.
build() {
    source=$1 compiler=$2
    shift 2
    # shellcheck disable=SC2086 # lists of words
    $compiler -O1 -D_GNU_SOURCE -DLINKED $cflags "$srcdir/$source" -o "$scratch/program" "$@" \
        ${LDFLAGS-} ${PTHREAD_LIBS-} > "$scratch/output" 2>&1 ||
        fail "$source $*: $(cat "$scratch/output")"
}

# try SOURCES FLAGS...: builds each and runs it.
try() {
    sources=$1
    shift
    for source in $sources; do
        case $source in
            *.cc) build "$source" "${CXX:?} -std=c++17" "$@" ;;
            *) build "$source" "${CC:?}" -fno-builtin "$@" ;;
        esac
        timeout 60 "$scratch/program" || fail "$source $*: status $?"
    done
}

# try_indirect FLAGS...: the library holds though nothing in the program refers to it, in whatever order a build
# system passes its flags.
try_indirect() {
    try indirect.c "$@"
    try indirect.c -Wl,--as-needed "$@"
    try indirect.c "$@" -Wl,--as-needed
    try indirect.c -Wl,--as-needed,--gc-sections -ffunction-sections -fdata-sections "$@"
    libraries='' others=''
    for flag; do
        case $flag in
            -l*) libraries="$libraries $flag" ;;
            *) others="$others $flag" ;;
        esac
    done
    # shellcheck disable=SC2086
    try indirect.c -Wl,--as-needed $others $libraries
    # shellcheck disable=SC2086
    try indirect.c -Wl,--as-needed $libraries $others
    for linker in bfd gold lld; do
        if ${CC:?} -fuse-ld=$linker "$scratch/empty.c" -o "$scratch/empty" 2> /dev/null; then
            try indirect.c -fuse-ld=$linker -Wl,--as-needed "$@"
        else
            echo "no linker $linker here"
        fi
    done
}

# The C++ library in the program, and in a plugin of a program in C that the override is preloaded into.
try_static_cxx() {
    for caught in 'const std::bad_alloc &' 'const std::exception &' ...; do
        try exceptions.cc "-DCAUGHT=$caught" -static-libstdc++ "$@"
        build exceptions.cc "${CXX:?} -std=c++17" "-DCAUGHT=$caught" -static-libstdc++ -shared -fPIC
        timeout 60 env LD_PRELOAD="$top_builddir/malloc/.libs/libfrusa-malloc.so.0" ./host "$scratch/program" ||
            fail "host, with a plugin that catches $caught: status $?"
    done
}

# build_privileged FLAGS...: a program that runs with the rights of another user. It is static: that user may not
# reach the build directory.
build_privileged() {
    build settings.c "${CC:?}" -fno-builtin -DSTATIC -static "$@"
    chmod 755 "$scratch" && chown 65534 "$scratch/program" && chmod u+s "$scratch/program"
}

# Whoever starts a program with more rights than his own does not say how it allocates, nor how the programs
# allocate that it executes.
try_privileged() {
    build_privileged "$@"
    [ "$(FRUSA_OPTIONS=limit=0 "$scratch/program" limit 2> /dev/null)" = refused ] ||
        fail "a set-user-ID program heeds FRUSA_OPTIONS"
    # (A program that counts its lines may not write them as that user.)
    [ "$(FRUSA_OPTIONS=nonsense "$scratch/program" 2>&1 | grep -v '^profiling:')" = \
        'frusa: frusa_malloc_options: nonsense: unknown option, ignored' ] ||
        fail "a set-user-ID program complains of FRUSA_OPTIONS"
    FRUSA_OPTIONS=stats=x FRUSA_OTHER=kept "$scratch/program" environment > "$scratch/output" 2> /dev/null
    grep -q '^FRUSA_OTHER=kept$' "$scratch/output" || fail "no environment: $(cat "$scratch/output")"
    ! grep '^FRUSA_OPTIONS' "$scratch/output" || fail "a set-user-ID program passes FRUSA_OPTIONS on"
    # Its own options name a file in the directory where its caller started it.
    mkdir "$scratch/open" && chmod 777 "$scratch/open"
    build_privileged '-DOPTIONS="stats=report"' "$@"
    (cd "$scratch/open" && "$scratch/program") || fail "a set-user-ID program with stats: status $?"
    [ ! -e "$scratch/open/report" ] || fail "a set-user-ID program writes a report with its rights"
    chmod u-s "$scratch/program"
    (cd "$scratch/open" && "$scratch/program") || fail "a program with stats: status $?"
    [ -e "$scratch/open/report" ] || fail "a program writes no report of its own"
}

cxx=
[ "${HAVE_CXX17:?}" != yes ] || cxx=operators.cc

echo 'int main(void) { return 0; }' > "$scratch/empty.c"
if [ -e "$top_builddir/malloc/.libs/libfrusa-malloc.so" ]; then
    # shellcheck disable=SC2046
    try "family.c $cxx" $(flags --libs)
    # shellcheck disable=SC2046
    try_indirect $(flags --libs)
    echo 'int main() { return 0; }' > "$scratch/empty.cc"
    if [ -z "$cxx" ] || ! ${CXX:?} -static-libstdc++ "$scratch/empty.cc" -o "$scratch/empty" 2> /dev/null; then
        echo "no static C++ library here"
    else
        # shellcheck disable=SC2046
        try_static_cxx $(flags --libs)
    fi
fi
if [ -e "$top_builddir/malloc/.libs/libfrusa-malloc.a" ]; then
    if ${CC:?} -static "$scratch/empty.c" -o "$scratch/empty" 2> /dev/null; then
        libs=$(flags --static --libs | sed 's/-Wl,-rpath,[^ ]*//g') # glibc refuses it in a static program
        # shellcheck disable=SC2086
        try "early.c family.c late.c libc_names.c processes.c together.c $cxx ${cxx:+replaced.cc}" -DSTATIC -static $libs
        # shellcheck disable=SC2086
        try "early.c family.c" -DSTATIC -fPIE -static-pie $libs
        # shellcheck disable=SC2086
        try_indirect -static $libs
        # shellcheck disable=SC2086
        try indirect.c -fPIE -static-pie $libs
        # shellcheck disable=SC2086
        [ "$(id -u)" -ne 0 ] || try_privileged $libs
    else
        echo "no static C library here"
    fi
fi

finish "programs that failed"
