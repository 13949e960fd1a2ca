#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# The option reclaim: who has a reclaimer, and that it gives back.

. "${srcdir:-.}/common.sh"

# expect WHAT WANTED GOT: the words are the same, whatever is between them.
expect() {
    # shellcheck disable=SC2086,SC2116 # words
    set -- "$1" "$(echo $2)" "$(echo $3)"
    [ "$3" = "$2" ] || fail "$1: wanted '$2', got '$3'"
}

both='frusa-pressure frusa-reclaim'
expect 'without the option' '' "$(preloaded '' ./reclaimed threads)"
expect 'reclaim=no' '' "$(preloaded reclaim=pressure,reclaim=no ./reclaimed threads)"
expect 'reclaim=every:20' frusa-reclaim "$(preloaded reclaim=every:20 ./reclaimed threads 1)"
expect 'a wrong value' "frusa: FRUSA_OPTIONS: reclaim=every:0: not one of its values (no|pressure|every:MS;\
 MS is 1 to 86400000), ignored" "$(preloaded reclaim=every:0 ./reclaimed threads 2>&1)"
expect 'a child' frusa-reclaim "$(preloaded reclaim=every:20 ./reclaimed child 1)"
expect 'a daemon' frusa-reclaim "$(preloaded reclaim=every:20 ./reclaimed daemon 1)"
expect 'a child of a signal handler' frusa-reclaim "$(preloaded reclaim=every:20 ./reclaimed handler 1)"
expect 'an executed program' frusa-reclaim "$(preloaded reclaim=every:20 ./reclaimed exec 1)"
case $(preloaded reclaim=pressure ./reclaimed threads 1 | tr '\n' ' ') in
    'frusa-reclaim ') echo "this system has no events: pressure is polled" ;;
    *) for where in threads child daemon exec; do
           expect "reclaim=pressure, $where" "$both" "$(preloaded reclaim=pressure ./reclaimed $where 2)"
       done ;;
esac
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
    expect 'more rights than the user' '' \
        "$(preloaded reclaim=every:20 setpriv --ruid 65534 ./reclaimed threads 2>&1)"
fi
preloaded retain=unlimited,reclaim=every:20 ./reclaimed kept || fail "what is idle is kept: status $?"

finish "what the option reclaim should do"
