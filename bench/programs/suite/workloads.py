# SPDX-License-Identifier: MIT OR Apache-2.0
"""The programs that run on each allocator: the classical workloads and real programs."""

import dataclasses
import glob
import os
import re
import shutil
import subprocess
import typing


@dataclasses.dataclass(frozen=True)
class Places:
    """Where things are: built workloads, their inputs, our sources, a scratch directory."""

    built: str
    inputs: str
    sources: str
    scratch: str
    suite: str = ""


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    command: typing.Callable  # of Places: the words of the command, [] if it cannot run here
    stdin: str = ""  # a file of inputs
    environment: tuple = ()
    own_allocator: bool = False  # linked to another one than the C library's
    same_output: bool = True  # whatever the allocator
    server: bool = False  # runs until it is told to end; the client's time counts
    work: str = ""  # regular expression of the work that the program says it did in a fixed time


def _classical(name, program, *arguments):
    return Workload(name, lambda places: [os.path.join(places.built, program), *arguments])


def _find(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _real(name, program, arguments, **more):
    """`arguments` is a function of Places."""
    def command(places):
        path = _find(program)
        return [path, *arguments(places)] if path else []
    return Workload(name, command, **more)


def _input(name):
    return lambda places: [os.path.join(places.inputs, name)]


def _c_sources(places):
    """The library itself, all files; the results go to the scratch directory."""
    flags = ["-O2", "-S", "-D_GNU_SOURCE", f"-I{places.sources}/include"]
    flags += ["-iquote", f"{places.sources}/lib"]
    with open(f"{places.sources}/lib/Makefile.am", encoding="utf-8") as file:
        lists = re.findall(r"^(?:core|hosted)_sources = (.*)$", file.read().replace("\\\n", " "),
                           re.MULTILINE)
    names = sorted(word for line in lists for word in line.split() if word.endswith(".c"))
    return flags + [f"{places.sources}/lib/{name}" for name in names]


def _repository(places):
    """A repository of the scratch directory's own: sources, changed in many steps."""
    path = os.path.join(places.scratch, "repository")
    if not os.path.isdir(path):
        subprocess.run(["git", "init", "-q", path], check=True)
        subprocess.run(["git", "-C", path, "fast-import", "--quiet"],
                       input=_history(places).encode(), check=True)
    return ["-C", path, "log", "-p", "--stat", "--no-color", "main"]


def _history(places):
    files = sorted(glob.glob(f"{places.sources}/lib/**/*.c", recursive=True))
    stream, when = [], 1700000000
    for step in range(200):
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {when + step} +0000\n"
                      f"data 8\nstep {step:03d}")
        for path in files[step % 5 :: 5]:
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\n")
            start = step * 7 % max(1, len(lines) - 40)
            lines[start : start + 30] = reversed(lines[start : start + 30])
            text = "\n".join(lines)
            name = os.path.basename(path)
            stream.append(f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}")
    return "\n".join(stream) + "\n"


CLASSICAL = (
    _classical("cfrac", "cfrac"),
    _classical("minimise (espresso)", "minimise"),
    _classical("larson, 8 thr.", "larson", "8"),
    _classical("xmalloc, mixed sizes", "xmalloc", "2"),
    _classical("xmalloc, 64 B", "xmalloc", "2", "500", "64"),
    _classical("cache-scratch, 4 thr.", "cache_scratch", "4"),
    _classical("glibc-simple", "glibc_simple"),
    _classical("glibc-thread, 2 thr.", "glibc_thread", "2"),
    _classical("mstress, 8 thr.", "mstress", "8"),
    _classical("rptest, 8 thr.", "rptest", "8"),
    _classical("malloc-large", "malloc_large"),
    _classical("mleak", "mleak"),
)

REAL = (
    Workload("python3, PYTHONMALLOC=malloc",
             lambda places: ["/usr/bin/python3", os.path.join(places.inputs, "objects.py")]
             if os.path.exists("/usr/bin/python3") else [],
             environment=(("PYTHONMALLOC", "malloc"), ("PYTHONHASHSEED", "0"))),
    _real("perl, hashes", "perl", _input("hashes.pl"), environment=(("PERL_HASH_SEED", "0"),)),
    _real("sqlite3, 300,000 rows", "sqlite3", lambda places: [":memory:"], stdin="rows.sql"),
    _real("gcc -O2", "gcc", _c_sources),
    _real("g++ -O2", "g++",
          lambda places: ["-O2", "-S", "-o", "-", f"{places.inputs}/templates.cc"]),
    _real("git log -p", "git", _repository),
    _real("redis-server", "redis-server",
          lambda places: ["--port", "0", "--unixsocket", f"{places.scratch}/redis.sock",
                          "--save", "",
                          "--daemonize", "no", "--dir", places.scratch],
          own_allocator=True, same_output=False, server=True),
    _real("node", "node", _input("objects.js")),
    _real("java", "java", lambda places: ["-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData",
                                          f"{places.inputs}/Objects.java"]),
)


def _published(name, program, *arguments, work="", **more):
    return Workload(f"suite: {name}",
                    lambda places: [os.path.join(places.suite, program), *arguments],
                    work=work, same_output=False, **more)


# The programs of mimalloc-bench, with the arguments that its bench.sh gives them on two processors
# (shorter where the time is given). They are only run, from where somebody built them.
PUBLISHED = (
    _published("cfrac", "cfrac", "17545186520507317056371138836327483792789528"),
    Workload("suite: espresso",
             lambda places: [f"{places.suite}/espresso",
                             f"{places.suite}/../bench/espresso/largest.espresso"],
             same_output=False),
    Workload("suite: barnes", lambda places: [f"{places.suite}/barnes"], same_output=False,
             stdin="suite:../bench/barnes/input"),
    _published("alloc-test1", "alloc-test", "1"),
    _published("alloc-testN", "alloc-test", "2"),
    _published("larson", "larson", "2", "8", "1000", "5000", "100", "4141", "8",
               work=r"Throughput = +(\d+)"),
    _published("larson-sized", "larson-sized", "2", "8", "1000", "5000", "100", "4141", "8",
               work=r"Throughput = +(\d+)"),
    _published("xmalloc-test", "xmalloc-test", "-w", "2", "-t", "2", "-s", "64",
               work=r"rtime: [\d.]+, free/sec: ([\d.]+)"),
    _published("cache-scratch1", "cache-scratch", "1", "1000", "1", "2000000", "2"),
    _published("cache-scratchN", "cache-scratch", "2", "1000", "1", "2000000", "2"),
    _published("glibc-simple", "glibc-simple"),
    _published("glibc-thread", "glibc-thread", "2", work=r"^([\d.]+)"),
    _published("malloc-large", "malloc-large"),
    _published("mleak10", "mleak", "5"),
    _published("mleak100", "mleak", "50"),
    _published("mstress", "mstress", "8", "50", "25"),
    _published("rptest", "rptest", "8", "0", "1", "2", "500", "1000", "100", "8", "16000",
               work=r"\.\.\.(\d+) memory ops"),
)


def find(places):
    """(the workloads that can run here, the names of those that cannot)."""
    wanted = CLASSICAL + REAL + (PUBLISHED if places.suite else ())
    able = [w for w in wanted if w.command(places)]
    return able, [w.name for w in wanted if w not in able]
