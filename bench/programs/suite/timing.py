# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the programs, interleaved, and keeps every figure."""

import collections
import os
import re
import statistics
import subprocess
import sys
import time

from suite import server

PROCESS_TIMEOUT = 300  # seconds


class Results:
    """samples[workload's name][allocator's name][metric]: a list, one figure for each run."""

    def __init__(self):
        self.samples = collections.defaultdict(
            lambda: collections.defaultdict(lambda: collections.defaultdict(list)))
        self.failures = []

    def add(self, workload, allocator, figures):
        for metric, value in figures.items():
            self.samples[workload.name][allocator.name][metric].append(value)

    def median(self, workload, name, metric):
        values = self.samples[workload.name][name].get(metric)
        return statistics.median(values) if values else None

    def fail(self, workload, allocator, why):
        self.failures.append(f"{workload.name} on {allocator.name}: {why}")
        print(f"programs: {self.failures[-1]}", file=sys.stderr)


class Runner:
    def __init__(self, places, results):
        self.places, self.results = places, results
        self.outputs = {}  # what a workload prints, the first time
        self.result = os.path.join(places.scratch, "figures")
        self.output = os.path.join(places.scratch, "output")
        self.observed = os.path.join(places.scratch, "observed")

    def _input(self, workload):
        if workload.stdin.startswith("suite:"):
            return os.path.join(self.places.suite, workload.stdin.removeprefix("suite:"))
        return os.path.join(self.places.inputs, workload.stdin) if workload.stdin else "/dev/null"

    def _start(self, workload, allocator, observe):
        preload = allocator.preload(workload.own_allocator)
        environment = dict(os.environ, LC_ALL="C", **dict(workload.environment))
        environment.pop("LD_PRELOAD", None)
        if observe:
            preload = f"{preload}:{os.path.join(self.places.built, 'libobserve.so')}".lstrip(":")
            environment["BENCH_OBSERVE"] = self.observed
        command = [os.path.join(self.places.built, "launch"), self.result, preload,
                   self._input(workload), self.output, *workload.command(self.places)]
        for path in (self.result, self.output, self.observed):
            if os.path.exists(path):
                os.remove(path)
        return subprocess.Popen(command, env=environment, cwd=self.places.scratch, text=True,
                                errors="replace", stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _finish(self, workload, process):
        """(standard error, exit status, the client's figures)."""
        client = {}
        try:
            if workload.server:
                client = server.drive(self.places.scratch)
            _, errors = process.communicate(timeout=PROCESS_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"no end in {PROCESS_TIMEOUT} s", 1, {}
        return errors, process.returncode, client

    def run(self, workload, allocator, observe=False):
        """One run; its figures, {} if it failed."""
        errors, status, client = self._finish(workload, self._start(workload, allocator, observe))
        if status != 0:
            self.results.fail(workload, allocator, f"status {status}: {errors.strip()[-300:]}")
            return {}
        with open(self.output, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if workload.same_output and self.outputs.setdefault(workload.name, text) != text:
            self.results.fail(workload, allocator, "its output differs")
            return {}
        with open(self.result, encoding="utf-8") as file:
            figures = {name: float(value) for name, value in map(str.split, file)}
        figures.update(client)
        if workload.work:  # runs for a fixed time: the time for a fixed amount of work
            done = re.search(workload.work, text, re.MULTILINE)
            figures["wall_ms"] = 1e9 / float(done.group(1)) if done else float("nan")
            figures["cpu_ms"] = figures["wall_ms"]
        return self._observation() if observe else figures

    def _observation(self):
        """Resident memory before and after giving back, of the process that had most."""
        with open(self.observed, encoding="utf-8") as file:
            rows = [list(map(int, line.split())) for line in file]
        _, before, after = max(rows, key=lambda row: row[1])
        return {"resident_kib": before, "reclaimed_kib": after}


def measure(runner, workloads, allocators, rounds, observe):
    """Every workload, all allocators one after the other, `rounds` times over, beginning with
    another allocator each time; then, if wanted, once more to see what a reclaim leaves."""
    start = time.monotonic()
    for turn in range(rounds + observe):
        observing = turn == rounds
        for workload in workloads:
            what = "resident memory" if observing else f"round {turn + 1} of {rounds}"
            print(f"[{time.monotonic() - start:4.0f} s] {what}: {workload.name}", file=sys.stderr,
                  flush=True)
            first = turn % len(allocators)
            for allocator in allocators[first:] + allocators[:first]:
                runner.results.add(workload, allocator, runner.run(workload, allocator, observing))
