# SPDX-License-Identifier: MIT OR Apache-2.0
"""python3 (with tests of its own), perl, node and a JVM."""

import os
import xml.etree.ElementTree

from cases.harness import Case, Failure

PYTHON = "/usr/bin/python3"  # Debian's: the one whose tests are in libpython3.11-testsuite


def _python_test(name):
    """Runs one of python's own test modules; the outcome of every test counts."""
    def run(place):
        report = os.path.join(place.scratch, "report.xml")
        place.command(PYTHON, "-m", "test", "--junit-xml", report, "--tempdir", place.scratch, name)
        outcomes = []
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            outcome = "skipped" if case.find("skipped") is not None else case.get("result")
            outcomes.append(f"{case.get('name')}: {case.get('status')}, {outcome}")
        if len(outcomes) < 10:
            raise Failure(f"only {len(outcomes)} tests ran: is libpython3.11-testsuite installed?")
        return "\n".join(sorted(outcomes))
    return run


def _python_objects(place):
    return place.command(PYTHON, os.path.join(place.inputs, "objects.py"),
                         env={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"})


def _perl(place):
    return place.command("perl", os.path.join(place.inputs, "hashes.pl"),
                         env={"PERL_HASH_SEED": "0"})


_PERL_THREADS = """
use threads;
my @threads = map { my $n = $_; threads->create(sub {
    my %h; $h{"$n-$_"} = [1 .. $_ % 50] for 1 .. 20000;
    my $sum = 0; $sum += @$_ for values %h; $sum }) } 1 .. 6;
print join(' ', map { $_->join } @threads), "\n";
my $text = join '', map { "line $_\n" } 1 .. 50000;
my @words = $text =~ /(\w+)\n/g;
print scalar(@words), " ", length(join ',', sort @words), "\n";
my $pid = fork;
if (!$pid) { my %h = map { $_ => "x" x $_ } 1 .. 2000; print scalar(keys %h), "\n"; exit 0 }
waitpid $pid, 0; print "$?\n";
"""


def _perl_threads(place):
    return place.command("perl", "-e", _PERL_THREADS)


def _node(place):
    return place.command("node", os.path.join(place.inputs, "objects.js"))


_NODE_WORKERS = """
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (isMainThread) {
    let left = 4; const results = [];
    for (let i = 0; i < 4; i++)
        new Worker(__filename, { workerData: i }).on('message', (m) => { results[i] = m; })
            .on('exit', () => { if (--left === 0) console.log(results.join(' ')); });
} else {
    const zlib = require('zlib'); let sum = 0;
    for (let i = 0; i < 300; i++)
        sum += zlib.inflateSync(zlib.deflateSync(Buffer.alloc(1000 + i * 97, i))).length;
    parentPort.postMessage(sum);
}
"""


def _node_workers(place):
    path = os.path.join(place.scratch, "workers.js")
    with open(path, "w", encoding="utf-8") as file:
        file.write(_NODE_WORKERS)
    return place.command("node", path)


def _java(place):
    return place.command("java", "-Xmx256m", "-XX:-UsePerfData",
                         os.path.join(place.inputs, "Objects.java"))


CASES = (
    Case("python3: test_threading", _python_test("test_threading")),
    Case("python3: test_subprocess", _python_test("test_subprocess")),
    Case("python3: test_gc", _python_test("test_gc")),
    Case("python3: test_multiprocessing_fork", _python_test("test_multiprocessing_fork")),
    Case("python3: test_multiprocessing_spawn", _python_test("test_multiprocessing_spawn"),
         slow=True),
    Case("python3: test_multiprocessing_forkserver",
         _python_test("test_multiprocessing_forkserver"), slow=True),
    Case("python3: objects, PYTHONMALLOC=malloc", _python_objects),
    Case("perl: hashes", _perl),
    Case("perl: threads, fork, text", _perl_threads),
    Case("node: buffers and compression", _node),
    Case("node: workers", _node_workers),
    Case("java: collections, threads, buffers", _java),
)
