# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs the programs, interleaved, and keeps every figure that they print."""

import collections
import os
import re
import statistics
import subprocess
import sys
import tempfile

PROCESS_TIMEOUT = 300  # seconds; one process takes a few at most


class Results:
    """samples[program and arguments][candidate's name][metric] is a list, one figure per process."""

    def __init__(self):
        self.samples = collections.defaultdict(
            lambda: collections.defaultdict(lambda: collections.defaultdict(list))
        )

    @staticmethod
    def key(row):
        return (row.program, *row.arguments)

    def add(self, row, candidate, figures):
        for metric, value in figures.items():
            self.samples[self.key(row)][candidate.name][metric].append(value)

    def of(self, row, name, metric=""):
        return self.samples[self.key(row)][name].get(metric or row.metric, [])

    def minimum(self, row, name, metric=""):
        """The figure that counts, or None. Times: the shortest; memory does not get noise from
        neighbours, and the median stands for it."""
        values = self.of(row, name, metric)
        if not values:
            return None
        return statistics.median(values) if (metric or row.metric).endswith("_kib") else min(values)


def _parse(output):
    figures = {}
    for line in output.splitlines():
        name, _, value = line.partition(" ")
        try:
            figures[name] = float(value)
        except ValueError:
            pass  # words, such as the name of the call that gave back
    return figures


def _command(programs, row, candidate, short):
    budget = row.budget[1 if short else 0]
    return [os.path.join(programs, row.program), f"--binding={candidate.binding}",
            f"--budget={budget}", *row.arguments]


def _run(command, candidate):
    try:
        done = subprocess.run(command, env=candidate.environment(), capture_output=True, text=True,
                              timeout=PROCESS_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        print(f"bench: {candidate.name}: {' '.join(command)}: no end in {PROCESS_TIMEOUT} s",
              file=sys.stderr)
        return {}
    if done.returncode != 0:
        print(f"bench: {candidate.name}: {' '.join(command)}: status {done.returncode}\n{done.stderr}",
              file=sys.stderr)
        return {}
    return _parse(done.stdout)


def _takes_part(row, candidate):
    if candidate.is_inline:
        return row.inline
    if candidate.binding == "frusa-cache":
        return row.caches
    return not candidate.binding.startswith("empty") or row.time


def measure(programs, rows, candidates, rounds, short, progress):
    """Every row, all candidates one after the other, `rounds` times over, beginning with another
    candidate each time."""
    results = Results()
    distinct = list({Results.key(row): row for row in rows}.values())
    for turn in range(rounds):
        for row in distinct:
            if turn >= (rounds + 1) // 2 and not row.time:
                continue  # memory does not vary as times do
            progress(turn, row)
            first = turn % len(candidates)
            for candidate in candidates[first:] + candidates[:first]:
                if not _takes_part(row, candidate):
                    continue
                for _ in range(row.processes[1 if short else 0]):
                    results.add(row, candidate, _run(_command(programs, row, candidate, short), candidate))
    return results


def trace(programs, row, candidates):
    """System calls by phase and kind: {candidate: {phase: Counter}}; {} where strace does not work."""
    traced = {}
    for candidate in candidates:
        if not _takes_part(row, candidate):
            continue
        with tempfile.NamedTemporaryFile("r", prefix="bench-trace-") as file:
            command = ["strace", "-f", "-qq", "-o", file.name]
            env = candidate.environment()
            if candidate.library:  # for the program, not for strace
                command += ["-E", f"LD_PRELOAD={candidate.library}"]
                del env["LD_PRELOAD"]
            command += _command(programs, row, candidate, True)
            try:
                done = subprocess.run(command, env=env, capture_output=True, text=True,
                                      timeout=PROCESS_TIMEOUT, check=False)
            except (OSError, subprocess.TimeoutExpired):
                return {}
            if done.returncode != 0:
                continue
            traced[candidate.name] = _count_calls(file)
    return traced


def _count_calls(lines):
    phases, phase = collections.defaultdict(collections.Counter), "start"
    for line in lines:
        mark = re.search(r'"/bench-phase/(\w+)"', line)
        if mark:
            phase = mark.group(1)
            continue
        call = re.match(r"\d+ +(\w+)\(", line)
        # The bench itself reads the processor's clock.
        if call and call.group(1) != "clock_gettime" and phase not in ("start", "measure"):
            phases[phase][call.group(1)] += 1
    return phases
