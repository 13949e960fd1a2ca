#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/check-programs.sh LIBRARY [OPTION...]
#
# Runs real programs with and without LIBRARY (libfrusa-malloc.so) preloaded and compares what they
# put out; installs those programs first, where they are missing. Options: those of tests/programs/run.

. "$(dirname "$0")/common.sh"

[ $# -ge 1 ] || die "which library?"
library=$1
shift

# Debian's packages of servers start them; here they are only to be at hand.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ "$(id -u)" -eq 0 ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    made_policy=yes
    trap 'rm -f "$policy"' EXIT
fi
install_packages git g++ gcc libatomic-ops-dev libc6-dev libpython3.11-testsuite make nginx \
    openjdk-17-jdk-headless perl python3 redis-server redis-tools sqlite3 wrk
command -v node > /dev/null || install_packages nodejs
if [ -n "$made_policy" ]; then
    rm -f "$policy"
    trap - EXIT
fi

python3 "$top/tests/programs/run" --library "$library" --sources "$top" "$@"
