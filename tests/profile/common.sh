# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh
# What the tests of heap profiles share.

. "${srcdir:-.}/../meta/common.sh"

known_sites=$top_builddir/tests/profile/known_sites
[ -x "$known_sites" ] || die "there is no $known_sites"
make_scratch
unset FRUSA_OPTIONS LD_PRELOAD

# program: the file that libtool's wrapper executes.
program=$top_builddir/tests/profile/.libs/known_sites
[ -x "$program" ] || program=$known_sites

# check_profile FILE [ARGUMENT...]: the profile says what the program said, to the percent.
check_profile() {
    python3 "$srcdir/profile.py" --program "$program" --truth "$scratch/truth" "$@" > "$scratch/findings" 2>&1 ||
        fail "$*: $(cat "$scratch/findings")"
}
