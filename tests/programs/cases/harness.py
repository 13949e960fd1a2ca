# SPDX-License-Identifier: MIT OR Apache-2.0
"""How a case runs its programs: each of them twice, without and with the library preloaded."""

import dataclasses
import difflib
import os
import shutil
import signal
import subprocess
import typing

TIMEOUT = 900  # seconds, for one command


class Failure(Exception):
    """A program is missing or did not end as it should."""


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    run: typing.Callable  # of Setting.Place; returns what must be the same on both
    slow: bool = False  # only with --full


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a case runs, and on which allocator."""

    scratch: str
    sources: str
    library: str  # "" without the override

    @property
    def inputs(self):
        return os.path.join(self.sources, "bench", "programs", "inputs")

    def environment(self, **more):
        environment = dict(os.environ, LC_ALL="C", HOME=self.scratch, **more)
        environment.pop("LD_PRELOAD", None)
        if self.library:
            environment["LD_PRELOAD"] = self.library
        return environment

    def command(self, *words, text=None, status=0, env=None, cwd=None):
        """Standard output of a command that must end with that status."""
        done = subprocess.run(find(words), input=text, env=self.environment(**(env or {})),
                              cwd=cwd or self.scratch, capture_output=True, text=True,
                              errors="replace", timeout=TIMEOUT, check=False)
        complain(words, done.returncode, status, done.stderr)
        return done.stdout

    def start(self, *words, log):
        """A server, in the background; its output goes to the file `log`."""
        with open(os.path.join(self.scratch, log), "wb") as file:
            return subprocess.Popen(find(words), env=self.environment(), cwd=self.scratch,
                                    stdout=file, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL)

    def read(self, name):
        with open(os.path.join(self.scratch, name), encoding="utf-8", errors="replace") as file:
            return file.read()


@dataclasses.dataclass(frozen=True)
class Setting:
    library: str
    sources: str

    def _place(self, scratch, library):
        os.makedirs(scratch)
        return Place(scratch, self.sources, library)

    def plain(self, scratch):
        return self._place(scratch, "")

    def override(self, scratch):
        return self._place(scratch, self.library)

    def check_that_it_overrides(self):
        """The library's own functions answer in a program that never heard of it."""
        source = ("import ctypes; c = ctypes.CDLL(None);"
                  "c.frusa_malloc_instance.restype = ctypes.c_void_p;"
                  "c.malloc.restype = ctypes.c_void_p; p = ctypes.c_void_p(c.malloc(100));"
                  "i = ctypes.c_void_p(c.frusa_malloc_instance()); print(c.frusa_owns(i, p))")
        done = subprocess.run(["/usr/bin/python3", "-c", source], capture_output=True, text=True,
                              env=dict(os.environ, LD_PRELOAD=self.library), check=False)
        if done.stdout.strip() != "1":
            raise SystemExit(f"{self.library} does not override malloc: {done.stdout}{done.stderr}")


def find(words):
    path = shutil.which(words[0], path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise Failure(f"{words[0]} is not installed")
    return [path, *words[1:]]


def complain(words, status, wanted, errors):
    if status < 0:
        ended = f"signal {signal.Signals(-status).name}"
    else:
        ended = f"status {status}"
    if status != wanted or "frusa: " in errors:
        raise Failure(f"{' '.join(words)[:300]}: {ended}\n{errors.strip()[-2000:]}")


def difference(expected, found):
    """'' if they are the same and not empty."""
    if not expected:
        return "there is no output to compare"
    if expected == found:
        return ""
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "without", "with", n=0,
                                 lineterm="")
    return "the output differs:\n" + "\n".join(list(lines)[:40])
