dnl SPDX-License-Identifier: MIT OR Apache-2.0
dnl What configure.ac needs and no packaged macro offers.

# FRUSA_ENABLE(NAME, DEFAULT, HELP)
# A yes-or-no option --enable-NAME; sets enable_NAME.
AC_DEFUN([FRUSA_ENABLE], [
    AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$3 @<:@default: $2@:>@])],
        [], [AS_VAR_SET([enable_$1], [$2])])
])

# FRUSA_COMPILER_FLAGS
# Sets and substitutes WARN_CFLAGS, CODEGEN_CFLAGS and DEBUG_CPPFLAGS.
AC_DEFUN([FRUSA_COMPILER_FLAGS], [
    AX_APPEND_COMPILE_FLAGS([-Wall -Wextra -Wundef -Wshadow -Wmissing-prototypes],
        [WARN_CFLAGS], [-Werror])
    AX_APPEND_COMPILE_FLAGS([-Wstrict-prototypes -Wold-style-definition -Wvla -Wpointer-arith],
        [WARN_CFLAGS], [-Werror])
    AS_IF([test "x$enable_werror" = xyes], [AX_APPEND_FLAG([-Werror], [WARN_CFLAGS])])
    # An allocator hands the same bytes out under ever new types: no optimisation may rest on types.
    AX_APPEND_COMPILE_FLAGS([-fvisibility=hidden -fno-strict-aliasing], [CODEGEN_CFLAGS], [-Werror])
    # GCC otherwise merges the tests of the fast paths into set-and-combine sequences, which cost more
    # instructions than the predictable branches that they replace.
    AX_APPEND_COMPILE_FLAGS(["--param=logical-op-non-short-circuit=0"], [CODEGEN_CFLAGS], [-Werror])
    AS_IF([test "x$enable_coverage" = xyes], [
        COVERAGE_LDFLAGS=--coverage
        AX_APPEND_FLAG([--coverage], [CODEGEN_CFLAGS])
        # Threads count at once; without it some lines are lost, and numbers that gcovr refuses come out.
        AX_APPEND_COMPILE_FLAGS([-fprofile-update=atomic], [CODEGEN_CFLAGS], [-Werror])
    ])
    AC_SUBST([COVERAGE_LDFLAGS])
    AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" = xyes])
    AS_IF([test "x$enable_debug" = xyes], [DEBUG_CPPFLAGS=-DFR_DEBUG])
    AC_SUBST([WARN_CFLAGS])
    AC_SUBST([CODEGEN_CFLAGS])
    AC_SUBST([DEBUG_CPPFLAGS])
    AS_IF([test "x$enable_counters" = xyes], [AX_APPEND_FLAG([-DFR_COUNTERS], [FEATURE_CPPFLAGS])])
    AS_IF([test "x$enable_membarrier" = xno], [AX_APPEND_FLAG([-DFR_NO_MEMBARRIER], [FEATURE_CPPFLAGS])])
    AC_SUBST([FEATURE_CPPFLAGS])
])

# FRUSA_MALLOC
# What libfrusa-malloc is built with: MALLOC_CFLAGS, MALLOC_CXXFLAGS, MALLOC_LDFLAGS; CXX17_CXXFLAGS, what all
# files in C++ are built with; the conditionals
# WITH_MALLOC and HAVE_CXX (without a C++ compiler there is no operator new in it, and the C++ library's own
# ones call malloc).
AC_DEFUN([FRUSA_MALLOC], [
    # Bare jumps into libfrusa, bound when the library is loaded: never the linker's resolver within malloc.
    AX_APPEND_COMPILE_FLAGS([-fno-plt -fno-builtin], [MALLOC_CFLAGS], [-Werror])
    # The functions that others inherit stay in memory for as long as the process: others hold pointers.
    AX_APPEND_LINK_FLAGS(["-Wl,-z,nodelete" "-Wl,-z,now"], [MALLOC_LDFLAGS])
    AC_LANG_PUSH([C++])
    frusa_save_CXXFLAGS=$CXXFLAGS
    CXXFLAGS="$CXXFLAGS -std=c++17"
    AC_CACHE_CHECK([whether $CXX compiles C++17], [frusa_cv_cxx17], [
        AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <new>]],
            [[return std::align_val_t(1) == std::align_val_t(2);]])],
            [frusa_cv_cxx17=yes], [frusa_cv_cxx17=no])
    ])
    CXXFLAGS=$frusa_save_CXXFLAGS
    AS_IF([test "x$frusa_cv_cxx17" = xyes], [
        AX_APPEND_COMPILE_FLAGS([-std=c++17 -Wall -Wextra -Wundef -Wshadow], [CXX17_CXXFLAGS], [-Werror])
        AS_IF([test "x$enable_werror" = xyes], [AX_APPEND_FLAG([-Werror], [CXX17_CXXFLAGS])])
        MALLOC_CXXFLAGS=$CXX17_CXXFLAGS
        AX_APPEND_COMPILE_FLAGS([-Wno-missing-attributes -fvisibility=hidden -fno-rtti -fno-plt],
            [MALLOC_CXXFLAGS], [-Werror])
    ])
    AC_LANG_POP([C++])
    AM_CONDITIONAL([WITH_MALLOC], [test "x$with_malloc" != xno])
    AM_CONDITIONAL([HAVE_CXX], [test "x$frusa_cv_cxx17" = xyes])
    AS_IF([test "x$with_malloc" = xno], [malloc_summary=no],
        [test "x$frusa_cv_cxx17" = xyes], [malloc_summary="yes, operator new and delete included"],
        [malloc_summary="yes, without operator new and delete: no C++17 compiler was found"])
    AC_SUBST([HAVE_CXX17], [$frusa_cv_cxx17])
    AC_SUBST([MALLOC_CFLAGS])
    AC_SUBST([CXX17_CXXFLAGS])
    AC_SUBST([MALLOC_CXXFLAGS])
    AC_SUBST([MALLOC_LDFLAGS])
])

# FRUSA_FREESTANDING_FLAGS
# Substitutes FREESTANDING_CFLAGS, what makes code run where there is no C library: nothing that needs its
# support, no registers but the general ones, no red zone that an interrupt would overwrite, no calls for atomic
# operations. Addresses are relative to the code, so that it may be linked anywhere; on i386 and 32-bit ARM,
# where that takes a table, they are not.
AC_DEFUN([FRUSA_FREESTANDING_FLAGS], [
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
        #if !defined(__i386__) && !defined(__arm__)
        #error addresses relative to the code are cheap
        #endif
        ]])], [frusa_address_flags="-fno-pic"], [frusa_address_flags="-fPIE"])
    # Then hosted programs over the core, which are tests, must not be asked to be linked anywhere either.
    AS_IF([test "x$frusa_address_flags" = x-fno-pic], [
        AX_APPEND_LINK_FLAGS([-no-pie], [frusa_core_link_flags])
        CORE_TEST_LDFLAGS=${frusa_core_link_flags:+"-XCClinker $frusa_core_link_flags"}
    ])
    AC_SUBST([CORE_TEST_LDFLAGS])
    AX_APPEND_COMPILE_FLAGS([-ffreestanding $frusa_address_flags -fno-stack-protector -fno-lto],
        [FREESTANDING_CFLAGS], [-Werror])
    AX_APPEND_COMPILE_FLAGS([-mgeneral-regs-only -mno-red-zone -mno-outline-atomics], [FREESTANDING_CFLAGS], [-Werror])
    AC_SUBST([FREESTANDING_CFLAGS])
    AC_ARG_VAR([CORE_CFLAGS], [further C compiler flags for libfrusa-core.a])
])

# FRUSA_ATOMIC_OPS
# Finds libatomic_ops. On most machines its header expands to instructions and nothing is linked; only
# where it does not, ATOMIC_OPS_LIBS names the library (and frusa.pc, for static linking).
AC_DEFUN([FRUSA_ATOMIC_OPS], [
    PKG_CHECK_MODULES([ATOMIC_OPS], [atomic_ops >= 7.4])
    AC_CACHE_CHECK([whether libatomic_ops needs no library here], [frusa_cv_atomic_ops_inline], [
        frusa_save_CPPFLAGS=$CPPFLAGS
        CPPFLAGS="$CPPFLAGS $ATOMIC_OPS_CFLAGS"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([[
            #include <atomic_ops.h>
            static volatile AO_t word;
            static volatile unsigned number;
        ]], [[
            AO_store_release(&word, 1);
            AO_fetch_and_add_acquire(&word, AO_load_acquire(&word));
            AO_compare_and_swap_full(&word, 2, 3);
            AO_int_compare_and_swap_acquire(&number, 0, 1);
            AO_nop_full();
        ]])], [frusa_cv_atomic_ops_inline=yes], [frusa_cv_atomic_ops_inline=no])
        CPPFLAGS=$frusa_save_CPPFLAGS
    ])
    AS_IF([test "x$frusa_cv_atomic_ops_inline" = xyes],
        [ATOMIC_OPS_LIBS=
         atomic_ops_summary="inline"],
        [atomic_ops_summary="linked ($ATOMIC_OPS_LIBS)"])
])

# FRUSA_DLOPEN
# Sets DLOPEN_LIBS to what dlopen and dlsym need: nothing in newer C libraries. Tests and benchmarks use them.
AC_DEFUN([FRUSA_DLOPEN], [
    frusa_save_LIBS=$LIBS
    AC_SEARCH_LIBS([dlopen], [dl],
        [AS_CASE([$ac_cv_search_dlopen], [-l*], [DLOPEN_LIBS=$ac_cv_search_dlopen], [DLOPEN_LIBS=])])
    LIBS=$frusa_save_LIBS
    AC_SUBST([DLOPEN_LIBS])
])

# FRUSA_PROBES
# Static probes for tracers where <sys/sdt.h> is; --disable-probes leaves them out, --enable-probes insists. Sets
# PROBES_CPPFLAGS, probes_summary, and the conditional HAVE_PROBES.
AC_DEFUN([FRUSA_PROBES], [
    AC_ARG_ENABLE([probes],
        [AS_HELP_STRING([--enable-probes],
            [static probes for bpftrace, perf and systemtap @<:@default: where <sys/sdt.h> is@:>@])],
        [], [enable_probes=auto])
    PROBES_CPPFLAGS=
    probes_summary=no
    AS_IF([test "x$enable_probes" != xno],
        [AC_CHECK_HEADER([sys/sdt.h], [probes_summary=yes; PROBES_CPPFLAGS=-DFRUSA_WITH_PROBES],
            [AS_IF([test "x$enable_probes" = xyes],
                [AC_MSG_ERROR([sys/sdt.h was not found (Debian: the package "systemtap-sdt-dev")])])])])
    AC_SUBST([PROBES_CPPFLAGS])
    AM_CONDITIONAL([HAVE_PROBES], [test "x$probes_summary" = xyes])
])

# FRUSA_MEMORY_CHECKERS
# Client requests of valgrind's are compiled in where its headers are; --without-valgrind leaves them out, and
# --with-valgrind insists. Sets TOOLS_CPPFLAGS, memcheck_summary, and the conditional HAVE_ASAN, which tests of
# programs with the address sanitizer want.
AC_DEFUN([FRUSA_MEMORY_CHECKERS], [
    AC_ARG_WITH([valgrind],
        [AS_HELP_STRING([--with-valgrind],
            [tell valgrind's memcheck about objects; takes its headers alone [default: where they are]])],
        [], [with_valgrind=auto])
    TOOLS_CPPFLAGS=
    memcheck_summary=no
    AS_IF([test "x$with_valgrind" = xno], [TOOLS_CPPFLAGS=-DFRUSA_WITHOUT_VALGRIND],
        [AC_CHECK_HEADER([valgrind/memcheck.h], [memcheck_summary=yes],
            [AS_IF([test "x$with_valgrind" = xyes],
                [AC_MSG_ERROR([valgrind/memcheck.h was not found (Debian: the package "valgrind")])])])])
    AC_SUBST([TOOLS_CPPFLAGS])
    AC_CACHE_CHECK([whether programs can be built with the address sanitizer], [frusa_cv_asan], [
        frusa_save_CFLAGS=$CFLAGS
        CFLAGS="$CFLAGS -fsanitize=address"
        AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [frusa_cv_asan=yes], [frusa_cv_asan=no])
        CFLAGS=$frusa_save_CFLAGS
    ])
    # Not together with another sanitizer, which the builder asked for.
    AS_CASE([$CFLAGS], [*-fsanitize=address*], [],
        [*-fsanitize=*], [frusa_cv_asan=no])
    AM_CONDITIONAL([HAVE_ASAN], [test "x$frusa_cv_asan" = xyes])
])
