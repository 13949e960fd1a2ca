#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The demo's plot is well-formed XML and shows every figure of the table.

. "${srcdir:-.}/common.sh"
copy_sources
cd "$scratch" || die "no scratch directory"

# Without --svg it goes into the current directory.
"$demo" --no-others sources > out || fail "the demo failed"
[ -s frusa-demo.svg ] || die "no frusa-demo.svg"

if command -v xmllint > /dev/null; then
    xmllint --noout frusa-demo.svg || fail "xmllint finds the plot malformed"
elif command -v python3 > /dev/null; then
    python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' frusa-demo.svg ||
        fail "python3 finds the plot malformed"
else
    skip "neither xmllint nor python3 is installed"
fi

for text in '<title' 'memory (MiB)' 'live objects' 'held from the system' 'resident' '>index<' '>built<' \
    '>documents<' '>words<' '>rest<' '>dropped<' 'gave back'; do
    grep -q "$text" frusa-demo.svg || fail "the plot lacks: $text"
done
[ "$(grep -c '>reclaimed<' frusa-demo.svg)" -eq 3 ] || fail "not three reclaims in the plot"
grep -q 'other allocators' frusa-demo.svg && fail "the plot shows allocators that did not run"

# Each bar stays inside the picture and none is upside down.
awk 'match($0, /height="-/) || /nan|inf/ { print; bad = 1 } END { exit bad }' frusa-demo.svg ||
    fail "impossible numbers in the plot"

# The given name is used, and an old file of that name goes.
printf 'what was here before' > other.svg
"$demo" --no-others --svg other.svg sources > out || fail "the demo failed with --svg"
grep -q before other.svg && fail "the old file is still there"
tail -n 1 other.svg | grep -qx '</svg>' || fail "the plot is cut off"

finish "faults of the plot"
