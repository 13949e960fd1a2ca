#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# frusa-run: the command's exit status, its own errors, the environment it makes, the statistics.

. "${srcdir:-.}/common.sh"

# ---- The command runs, on the library, and its status is handed on --------------------------------

expect 0 "$frusa_run" sh -c 'cat /proc/self/maps'
says out libfrusa-malloc.so.0
expect 0 "$frusa_run" cat /proc/self/maps
says out libfrusa-malloc.so.0
expect 7 "$frusa_run" sh -c 'exit 7'
expect 0 "$frusa_run" -- printenv LD_PRELOAD
says out "$(realpath "$library")"
expect 1 "$frusa_run" printenv FRUSA_OPTIONS
# shellcheck disable=SC2016 # expanded by the inner shell
expect 143 sh -c '"$1" sh -c "kill \$\$"; exit $?' sh "$frusa_run"
expect 0 "$frusa_run" printf '%s,' --stats -x 'a b' ''
says out '--stats,-x,a b,,'

# ---- Options become FRUSA_OPTIONS, behind what is there ---------------------------------------------

expect 0 "$frusa_run" --limit=64m --retain 1g --huge=never --checked --no-thread-cache=0 printenv FRUSA_OPTIONS
says out 'limit=64m,retain=1g,huge=never,checked=1,no_thread_cache=0'
expect 0 env FRUSA_OPTIONS=limit=1g,huge=never "$frusa_run" --limit=2g printenv FRUSA_OPTIONS
says out 'limit=1g,huge=never,limit=2g'
expect 0 env LD_PRELOAD=libm.so.6 "$frusa_run" printenv LD_PRELOAD
says out "$(realpath "$library"):libm.so.6"
[ ! -s "$scratch/err" ] || fail "not silent: $(cat "$scratch/err")"
# Dashes and underscores are the same, in front of the command.
expect 0 "$frusa_run" --managed_max=64KiB --no_thread_cache --thread_cache-max 1.5MB printenv FRUSA_OPTIONS
says out 'managed_max=64KiB,no_thread_cache=1,thread_cache_max=1.5MB'
expect 0 "$frusa_run" --stats="$scratch/no_such_%p" printf '%s' --no_stats=a_b
says out --no_stats=a_b
# An option that reaches the allocator.
expect 0 "$frusa_run" --limit=512m dd if=/dev/zero of=/dev/null bs=64M count=1
expect 1 "$frusa_run" --limit=32m dd if=/dev/zero of=/dev/null bs=64M count=1

# ---- What is wrong with options ---------------------------------------------------------------------

expect 125 "$frusa_run"
says err 'frusa-run: no command'
expect 125 "$frusa_run" --limit=much true
says err 'frusa-run: --limit=much: not a size (a number of bytes, such as 4096, 64KiB, 5MB or 1.5g; or unlimited)'
expect 125 "$frusa_run" --stats=1 true
says err 'frusa-run: --stats=1: not a file (stats=- is standard error, stats=FILE a file'
expect 125 "$frusa_run" --huge=sometimes true
says err 'frusa-run: --huge=sometimes: not one of its values (auto|never|always)'
expect 125 "$frusa_run" --managed-max=4g true
says err 'frusa-run: --managed-max=4g: too large (at most 2m)'
expect 125 "$frusa_run" --limit=1,checked=1 true
says err 'a value cannot contain a comma'
expect 125 "$frusa_run" --no-such-option true
says err 'no-such-option'
expect 125 "$frusa_run" --stats=/nowhere/at/all true
says err '/nowhere/at/all: No such file or directory'
expect 125 "$frusa_run" --stats="$scratch" true
says err "$scratch: is a directory"
echo text > "$scratch/text"
expect 125 "$frusa_run" --stats="$scratch/text" true
says err "$scratch/text: is not an earlier report"
ln -s text "$scratch/link"
expect 125 "$frusa_run" --stats="$scratch/link" true
says err "$scratch/link: is a symbolic link"
ln "$scratch/text" "$scratch/name"
expect 125 "$frusa_run" --stats="$scratch/text" true
says err "$scratch/text: has another name"
expect 125 "$frusa_run" --stats=/dev/null true
says err '/dev/null: is not a regular file'
expect 125 "$frusa_run" --library=/nowhere/lib.so true
says err '/nowhere/lib.so: No such file or directory'
expect 125 "$frusa_run" --library=/dev/null true
says err '/dev/null: not a library'

# ---- Commands that cannot be run, or not under another allocator ------------------------------------

expect 127 "$frusa_run" no-such-command-anywhere
says err 'frusa-run: no-such-command-anywhere: no such command'
expect 127 "$frusa_run" /no/such/file
says err 'frusa-run: /no/such/file: No such file or directory'
expect 126 "$frusa_run" "$scratch"
says err "$scratch: not a file"
echo 'exit 5' > "$scratch/script"
if [ "$(id -u)" -ne 0 ] || [ ! -x "$scratch/script" ]; then
    expect 126 "$frusa_run" "$scratch/script"
    says err "$scratch/script: Permission denied"
    expect 126 env PATH="$scratch" "$frusa_run" script
    says err 'script: Permission denied'
fi
chmod +x "$scratch/script"
expect 5 "$frusa_run" "$scratch/script" # without a first line: the shell runs it
printf '#!/no/such/interpreter\n' > "$scratch/script"
expect 127 "$frusa_run" "$scratch/script"
printf '#!/bin/sh\ncat /proc/self/maps\n' > "$scratch/script"
expect 0 env PATH="$scratch:$PATH" "$frusa_run" script
says out libfrusa-malloc.so.0

printf 'int main(void) { return 0; }\n' > "$scratch/main.c"
if ${CC:-cc} -static "$scratch/main.c" -o "$scratch/static" 2> "$scratch/log"; then
    expect 126 "$frusa_run" "$scratch/static"
    says err "$scratch/static: linked statically"
else
    echo "no static linking here: $(cat "$scratch/log")"
fi
cp "$(command -v cat)" "$scratch/cat"
if [ "$(id -u)" -eq 0 ]; then
    chown 1:1 "$scratch/cat"
    chmod 4755 "$scratch/cat"
    expect 126 "$frusa_run" "$scratch/cat" /dev/null
    says err "$scratch/cat: runs with rights of its own (set-user-ID)"
    chmod 2755 "$scratch/cat"
    expect 126 "$frusa_run" "$scratch/cat" /dev/null
    says err "$scratch/cat: runs with rights of its own (set-group-ID)"
    chmod 755 "$scratch/cat"
    expect 0 "$frusa_run" "$scratch/cat" /dev/null
elif su=$(command -v su) && [ -u "$su" ]; then
    expect 126 "$frusa_run" su --version
    says err "$su: runs with rights of its own (set-user-ID)"
fi
# The same file, said to be of another machine.
printf '\377\377' | dd of="$scratch/cat" bs=1 seek=18 conv=notrunc 2> "$scratch/log"
expect 126 "$frusa_run" "$scratch/cat" /dev/null
says err "$scratch/cat: not of the architecture of"

# ---- Statistics -----------------------------------------------------------------------------------------

expect 0 "$frusa_run" --stats sort /dev/null
says err ', sort, process '
says err '= held from the system'
[ ! -s "$scratch/out" ] || fail "statistics on standard output"
expect 1 "$frusa_run" --stats="$scratch/stats" grep pattern /dev/null
[ ! -s "$scratch/err" ] || fail "not silent: $(cat "$scratch/err")"
[ "$(number "$scratch/stats" peak_allocated)" -gt 0 ] || fail "no peak in: $(cat "$scratch/stats")"
(cd "$scratch" && expect 0 "$frusa_run" --stats='here-%p' cat /dev/null)
set -- "$scratch"/here-[0-9]*
[ -s "$1" ] || fail "no file for %p: $(ls "$scratch")"

# ---- What it says about itself ------------------------------------------------------------------------

expect 0 "$frusa_run" --version
says out "frusa-run (libfrusa) $(sed -n 's/^#define FRUSA_VERSION  *"\(.*\)"/\1/p' \
    "$top_srcdir/include/frusa.h")"
expect 0 "$frusa_run" --help
names=$(sed -n 's/^FR_OPTION([A-Z]*, \([a-z_]*\),.*/\1/p' "$top_srcdir/malloc/options.def")
require_list "options" "$names"
for name in $names; do
    says out "  --$(echo "$name" | tr _ -)"
done
awk 'length > 80 { print; bad = 1 } END { exit bad }' "$scratch/out" || fail "--help is too wide"
if [ -w /dev/full ]; then
    status=0
    "$frusa_run" --help > /dev/full 2> "$scratch/err" || status=$?
    [ "$status" -eq 125 ] || fail "--help to a full device: $status"
    says err 'frusa-run: standard output: '
fi

finish "frusa-run"
