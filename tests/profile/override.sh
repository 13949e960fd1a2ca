#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The heap profile of a whole program, by FRUSA_OPTIONS: written at exit, by every process.

. "${srcdir:-.}/common.sh"
command -v python3 > /dev/null || skip "no python3"

dlname=$(sed -n "s/^dlname='\(.*\)'/\1/p" "$top_builddir/malloc/libfrusa-malloc.la" 2> /dev/null)
override=$top_builddir/malloc/.libs/$dlname
[ -n "$dlname" ] || skip "no shared library was built"
[ -e "$override" ] || skip "no shared library was built"

# run OPTIONS COMMAND...
run() {
    options=$1
    shift
    timeout 100 env FRUSA_OPTIONS="$options" LD_PRELOAD="$override" LD_LIBRARY_PATH="$top_builddir/lib/.libs" "$@" > "$scratch/truth" 2> "$scratch/messages" ||
        fail "$options: status $?: $(cat "$scratch/messages")"
    [ ! -s "$scratch/messages" ] || fail "$options: $(cat "$scratch/messages")"
}

run "profile=4k,profile_file=$scratch/a.pb.gz" "$program" malloc
check_profile "$scratch/a.pb.gz"
run "profile=4k,profile_file=$scratch/a.heap" "$program" malloc
check_profile "$scratch/a.heap"
run "profile=4k,checked,profile_file=$scratch/checked.heap" "$program" malloc
check_profile "$scratch/checked.heap"

# An earlier profile is replaced, and nothing else.
run "profile=4k,profile_file=$scratch/a.pb.gz" "$program" malloc
check_profile "$scratch/a.pb.gz"
echo 'not a profile' > "$scratch/other"
run "profile=4k,profile_file=$scratch/other" "$program" malloc
[ "$(cat "$scratch/other")" = 'not a profile' ] || fail "a file that is no profile: written over"
ln -s "$scratch/a.heap" "$scratch/link.heap"
cp "$scratch/a.heap" "$scratch/before"
run "profile=4k,profile_file=$scratch/link.heap" "$program" malloc
cmp -s "$scratch/a.heap" "$scratch/before" || fail "a symbolic link: followed"

# A file for each process; and none without a profile.
run "profile=4k,profile_file=$scratch/%p.pb.gz" sh -c "'$program' malloc; :"
ls "$scratch"/[0-9]*.pb.gz > /dev/null 2>&1 || fail "%p.pb.gz: no such file"
run "profile_file=$scratch/none.pb.gz" "$program" malloc
[ ! -e "$scratch/none.pb.gz" ] || fail "a file without a profile"

finish "heap profiles of whole programs"
