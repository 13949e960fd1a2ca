#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# What bash offers after frusa-run: all options, the words of those that have some, then commands; and after
# frusactl: commands, options, files.

. "${srcdir:-.}/common.sh"

bash_completion=/usr/share/bash-completion/bash_completion
command -v bash > /dev/null || skip "bash is not installed"
[ -r "$bash_completion" ] || skip "bash-completion is not installed"
PATH=$top_builddir/tools:$PATH
export PATH

# type_in WORD...: what bash offers when the last word is being typed, one a line, in $scratch/out.
type_in() {
    tool=${tool:-frusa-run}
    bash --norc --noprofile -c '
        . "$1" && . "$2" || exit 1
        shift 2
        compopt() { :; } # that is for readline
        COMP_LINE="$*" COMP_CWORD=0 COMP_WORDS=()
        COMP_POINT=${#COMP_LINE}
        # As readline does: "=" is a word of its own.
        for word; do
            if [[ $word == --*=* ]]; then
                COMP_WORDS+=("${word%%=*}" "=")
                [[ ${word#*=} ]] && COMP_WORDS+=("${word#*=}")
            else
                COMP_WORDS+=("$word")
            fi
        done
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        "_${COMP_WORDS[0]//-/_}" "${COMP_WORDS[0]}"
        printf "%s\n" "${COMPREPLY[@]}"
    ' bash "$bash_completion" "$top_srcdir/tools/completions/$tool" "$tool" "$@" \
        > "$scratch/out" 2> "$scratch/err" < /dev/null
    [ ! -s "$scratch/err" ] || fail "completing '$*': $(cat "$scratch/err")"
}

# offers WORD...: exactly these, in any order.
offers() {
    printf '%s\n' "$@" | sort > "$scratch/wanted"
    sort "$scratch/out" | diff - "$scratch/wanted" > "$scratch/diff" || fail "offered, wanted: $(cat "$scratch/diff")"
}

names=$(sed -n 's/^FR_OPTION([A-Z]*, \([a-z_]*\),.*/\1/p' "$top_srcdir/malloc/options.def" | tr _ -)
require_list "options" "$names"
type_in --
for name in $names library help version; do
    grep -qx -e "--$name=\{0,1\}" "$scratch/out" || fail "--$name is not offered"
done
[ "$(wc -l < "$scratch/out")" -eq "$(printf '%s\n' "$names" library help version | wc -l)" ] ||
    fail "more is offered than there are options: $(cat "$scratch/out")"

type_in --ma
offers --managed-max=
type_in --huge=
offers auto never always
type_in --huge=n
offers never
type_in --checked=
offers 0 1
type_in --limit=
offers ''
mkdir "$scratch/dir"
: > "$scratch/dir/statistics.json"
type_in --stats="$scratch/dir/sta"
offers "$scratch/dir/statistics.json"
type_in --library "$scratch/dir/sta"
offers "$scratch/dir/statistics.json"
type_in --stats frusa-ru
offers frusa-run
type_in --huge=never -- frusa-ru
grep -qx frusa-run "$scratch/out" || fail "no command after --: $(cat "$scratch/out")"
type_in --stats cat "$scratch/dir/sta"
offers "$scratch/dir/statistics.json"

# ---- frusactl -----------------------------------------------------------------------------------------

tool=frusactl
XDG_RUNTIME_DIR=$scratch/dir # without sockets
export XDG_RUNTIME_DIR
type_in ''
offers limit list map plot reclaim record retain stats top
type_in re
offers reclaim record retain
type_in stats --j
offers --json
: > "$scratch/dir/run.csv"
type_in plot "$scratch/dir/"
grep -qx "$scratch/dir/run.csv" "$scratch/out" || fail "no file to plot: $(cat "$scratch/out")"
type_in map 1 -o "$scratch/dir/sta"
offers "$scratch/dir/statistics.json"
type_in stats ''
offers ''

finish "completion"
