#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The demo beside other allocators: a table and a panel of the plot for those that are here, nothing for those
# that are not.

. "${srcdir:-.}/common.sh"
copy_sources
cd "$scratch" || die "no scratch directory"

# A run on malloc reports every step, and more is resident with the index than before it.
run_demo 1 --on-malloc no-such-allocator sources
grep -q 'malloc is not that of no-such-allocator' err || fail "an unknown allocator goes unnoticed"
status=0
"$demo" --on-malloc glibc sources > report 2> err || status=$?
if [ $status -ne 0 ]; then
    grep -q 'malloc is not that of glibc' err || fail "the run on malloc failed: $(cat err)"
    skip "malloc is not glibc's, and cannot be measured"
fi
[ "$(grep -c '^resident [0-9][0-9]*$' report)" -eq 8 ] || fail "not a line for each step: $(cat report)"
awk 'NR == 1 { before = $2 } NR == 2 { built = $2 }
     END { exit built < before + 1048576 }' report || fail "the index takes no memory: $(cat report)"

# Each allocator that is here has a column and a colour; glibc is always here.
"$demo" --svg plot.svg sources > out 2> err || fail "the demo failed beside others: $(cat err)"
columns=$(sed -n 's/^resident MiB, on *//p' out)
case $columns in
glibc*libfrusa) ;;
*) fail "no columns for glibc and libfrusa: $columns" ;;
esac
for name in $columns; do
    grep -q ">$name</text>" plot.svg || fail "the plot has no legend for $name"
done
awk -v columns="$(echo "$columns" | wc -w)" '
    /^resident MiB, on/ { on = 1; next }
    on && /^---/ { rules++; next }
    on && rules == 1 { rows++; for (i = 0; i < columns; i++) if ($(NF - i) !~ /^[0-9.]+$/) bad = 1 }
    END { exit bad || rows != 8 }' out || fail "not eight rows of figures: $(cat out)"
awk 'match($0, /height="-/) || /nan|inf/ { print; bad = 1 } END { exit bad }' plot.svg ||
    fail "impossible numbers in the plot"
tail -n 1 plot.svg | grep -qx '</svg>' || fail "the plot is cut off"

# A limit is an instance's: nobody else is asked to keep it.
"$demo" --svg plot.svg --limit 1G sources > out 2> err || fail "the demo failed with a limit: $(cat err)"
grep -q '^resident MiB' out && fail "others ran beside an instance with a limit"

finish "faults beside other allocators"
