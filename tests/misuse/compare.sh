#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: compare.sh TOP_BUILDDIR
#
# Makes the mistakes of malloc_mistake under every allocator that is installed, and under those in the variable
# EXTRA (name=library, separated by blanks), and prints a table of what each of them finds:
#   at once   it ends the program in the mistaken call
#   later     it ends the program in a later call
#   crash     the program dies of something else (SIGSEGV, SIGBUS)
#   TWICE     nobody notices, and memory is handed out that is in use already
#   no        nobody notices
# The program gives memory back (malloc_trim) right after its mistake, but in the column that says otherwise.

set -u
top=$(cd "$1" && pwd) || exit 1
program=./malloc_mistake
debian=/usr/lib/$(gcc -print-multiarch 2> /dev/null || echo x86_64-linux-gnu)
scudo=$(find /usr/lib/llvm-*/lib -name "libclang_rt.scudo_standalone-$(uname -m).so" 2> /dev/null | head -n 1)
scratch=$(mktemp -d) || exit 1
exec 3>&2 2> /dev/null # what the shell has to say about the signals
trap 'rm -rf "$scratch"' EXIT

# A line for each allocator: its name, "|", and what is set for it in the environment.
{
    echo 'glibc|'
    echo "glibc, malloc.check=3|LD_PRELOAD=$debian/libc_malloc_debug.so.0 GLIBC_TUNABLES=glibc.malloc.check=3"
    echo "jemalloc|LD_PRELOAD=$debian/libjemalloc.so.2"
    echo "tcmalloc|LD_PRELOAD=$debian/libtcmalloc_minimal.so.4"
    echo "tcmalloc, debug|LD_PRELOAD=$debian/libtcmalloc_minimal_debug.so.4"
    echo "mimalloc|LD_PRELOAD=$debian/libmimalloc.so.2"
    for extra in ${EXTRA:-}; do
        echo "${extra%%=*}|LD_PRELOAD=${extra#*=}" | sed 's/_/ /g; s/LD PRELOAD/LD_PRELOAD/'
    done
    echo "scudo|LD_PRELOAD=$scudo"
    echo "libfrusa|LD_PRELOAD=$top/malloc/.libs/libfrusa-malloc.so.0 LD_LIBRARY_PATH=$top/lib/.libs"
    echo "libfrusa, without malloc_trim|LD_PRELOAD=$top/malloc/.libs/libfrusa-malloc.so.0\
 LD_LIBRARY_PATH=$top/lib/.libs MISTAKE_KEEP=1"
    echo "libfrusa, checked=1|LD_PRELOAD=$top/malloc/.libs/libfrusa-malloc.so.0\
 LD_LIBRARY_PATH=$top/lib/.libs FRUSA_OPTIONS=checked=1"
} | while IFS='|' read -r name settings; do
    library=${settings#LD_PRELOAD=}
    library=${library%% *}
    if [ -z "$settings" ] || [ -e "$library" ]; then
        echo "$name|$settings"
    else
        echo "not here: $name ($library)" >&3
    fi
done > "$scratch/allocators"

# outcome NUMBER SETTING...
outcome() {
    number=$1
    shift
    # shellcheck disable=SC2068 # words
    (env $@ "$program" "$number" > "$scratch/out" 2> "$scratch/message") 2> /dev/null
    status=$?
    case $status in
    0) echo no ;;
    3) echo TWICE ;;
    77) echo ;;
    134 | 1) if grep -q '^made$' "$scratch/out"; then echo later; else echo 'at once'; fi ;;
    # Some allocators trap when they find something; that they printed a line tells it from a crash.
    *) if ! [ -s "$scratch/message" ]; then
        echo crash
    elif grep -q '^made$' "$scratch/out"; then
        echo later
    else
        echo 'at once'
    fi ;;
    esac
}

printf '| mistake |'
while IFS='|' read -r name settings; do printf ' %s |' "$name"; done < "$scratch/allocators"
printf '\n|---|'
while IFS='|' read -r name settings; do printf -- '---|'; done < "$scratch/allocators"
printf '\n'
"$program" > "$scratch/list"
number=0
while read -r _ mistake; do
    number=$((number + 1))
    printf '| %s |' "$mistake"
    while IFS='|' read -r name settings; do
        # shellcheck disable=SC2086 # words
        printf ' %s |' "$(outcome "$number" $settings < /dev/null)"
    done < "$scratch/allocators"
    printf '\n'
done < "$scratch/list"
