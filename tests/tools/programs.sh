#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# Real programs run under frusa-run, print what they print without it, and leave statistics. Those that are
# not installed are passed over; python3 is needed.

. "${srcdir:-.}/common.sh"

command -v python3 > /dev/null || skip "python3 is not installed"
work=$scratch/work
mkdir "$work"

# compare NAME COMMAND...: the same output with and without, and at least 256 KiB from the library's instance.
compare() {
    name=$1
    shift
    command -v "$1" > /dev/null || {
        echo "$1 is not installed"
        return
    }
    "$@" > "$scratch/plain" 2>&1 < /dev/null || fail "$name fails without frusa-run"
    "$frusa_run" --stats="$scratch/$name.json" "$@" > "$scratch/under" 2>&1 < /dev/null ||
        fail "$name fails: $(tail -n 5 "$scratch/under")"
    cmp "$scratch/plain" "$scratch/under" || fail "$name prints something else"
    python3 -m json.tool "$scratch/$name.json" > /dev/null || fail "$name: no valid JSON"
    peak=$(number "$scratch/$name.json" peak_allocated)
    [ "${peak:-0}" -ge 262144 ] || fail "$name: a peak of ${peak:-0} bytes"
    printf '%-8s peak %6d KiB, in use at exit %6d KiB\n' "$name" $((peak / 1024)) \
        $(($(number "$scratch/$name.json" in_use) / 1024))
}

PYTHONMALLOC=malloc compare python3 python3 -c '
import collections, hashlib, json, threading
data = [{"n": n, "text": str(n) * (n % 50), "list": list(range(n % 20))} for n in range(5000)]
def work():
    assert json.loads(json.dumps(data)) == data
threads = [threading.Thread(target=work) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
print(hashlib.sha256(json.dumps(data).encode()).hexdigest())
'
# shellcheck disable=SC2016 # it is Perl
compare perl perl -e '
my %h; $h{$_ % 5003} .= "$_," for 1 .. 60000;
my $n = 0; $n += length $h{$_} for sort keys %h;
my @parts = map { join "-", reverse split /,/, $_ } values %h;
print "$n ", scalar(@parts), "\n";
'
compare sqlite3 sqlite3 :memory: '
create table t(a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
    insert into t select i, hex(i * 7919) from n;
create index tb on t(b);
select count(*), sum(length(b)), min(b), max(b) from t where b > "3";
'
if command -v git > /dev/null; then
    mkdir "$work/repository"
    (
        cd "$work/repository" || exit 1
        export GIT_CONFIG_NOSYSTEM=1 HOME="$work"
        git init -q . && cp -R "$top_srcdir/include" "$top_srcdir/lib" . && git add . &&
            git -c user.name=t -c user.email=t@t.example commit -qm one
    ) > "$scratch/log" 2>&1 || fail "git: $(cat "$scratch/log")"
    compare git git -C "$work/repository" log --stat --patch
fi

finish "programs under frusa-run"
