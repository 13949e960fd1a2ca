#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The demo tells what went wrong and exits with the status that --help promises.

. "${srcdir:-.}/common.sh"
cd "$scratch" || die "no scratch directory"
printf 'some text and more text\n' > text

# says PATTERN: standard error has it.
says() {
    grep -q -e "$1" err || {
        cat err
        fail "the message lacks: $1"
    }
}

run_demo 0 --help
grep -q '^Usage: frusa-demo' out || fail "--help prints no usage"
run_demo 0 --version
grep -q '^frusa-demo [0-9]' out || fail "--version prints no version"

# Wrong use.
for arguments in --no-such-option '--text 3x' '--text -1' '--text 99999999999G' '--seed abc' \
    '--seed 1K' '--limit x' '--lookup a-b' '--lookup=' '--svg=' --lookup; do
    # shellcheck disable=SC2086 # an option and its value
    run_demo 2 $arguments
    says frusa-demo
    [ ! -s out ] || fail "output in spite of $arguments"
done

# Files that cannot be read: the others are read all the same.
run_demo 1 --lookup text text no-such-file
says 'frusa-demo: no-such-file: No such file'
[ "$(answer text)" = 2 ] || fail "text was not read beside a missing file"
ln -s nowhere dangling
run_demo 1 dangling text
says dangling
run_demo 1 /dev/null text
says /dev/null
cp text secret
chmod 0 secret
if [ ! -r secret ]; then
    run_demo 1 secret text
    says 'secret: Permission denied'
fi
mkdir nothing
run_demo 1 nothing
says 'no text'
printf '\000' > binary
run_demo 1 binary
says 'no text'

# Output that cannot be written.
run_demo 1 --svg no-such-directory/plot.svg text
says no-such-directory
if [ -c /dev/full ]; then
    "$demo" --svg plot.svg text > /dev/full 2> err && fail "a full disk went unnoticed"
    says 'standard output'
    run_demo 1 --svg /dev/full text
    says '/dev/full: '
fi

# Out of memory, wherever the limit strikes: while creating, reading, growing the table.
copy_sources
struck=0
limit=4096
while [ $limit -le 4194304 ]; do
    status=0
    "$demo" --svg plot.svg --limit $limit sources > out 2> err || status=$?
    case $status in
    0) ;;
    1)
        struck=$((struck + 1))
        grep -qE '^frusa-demo: (out of memory|cannot create an instance)' err ||
            fail "limit $limit: no word of the memory"
        ;;
    *) fail "limit $limit: exit status $status" ;;
    esac
    limit=$((limit * 5 / 4 / 4096 * 4096 + 4096))
done
[ $struck -ge 3 ] || fail "the limit struck only $struck times"
run_demo 0 --limit 1G sources

finish "failures that are not told"
