# SPDX-License-Identifier: MIT OR Apache-2.0
"""From figures to tables, means and verdicts."""

import csv

from runner.report import geometric_mean
from suite.allocators import OURS, REFERENCE

FASTEST = "mimalloc3"
TIME_GOAL = 0.9  # of the fastest peer's time, geometric mean
MEMORY_GOAL = 1.0  # of glibc's peak, geometric mean
SLOWER = 1.1  # of glibc's time, for no program more


def lines_of(table):
    """A table as Markdown; the first row is its head."""
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    text = []
    for n, row in enumerate(table):
        text.append("| " + " | ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)) + " |")
        if n == 0:
            text.append("|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return text


def _figure(value, scale):
    if value is None:
        return "-"
    value *= scale
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def ratios(results, workloads, metric, name, base):
    """{workload's name: ratio} where both have a figure."""
    found = {}
    for workload in workloads:
        ours, theirs = (results.median(workload, n, metric) for n in (name, base))
        if ours and theirs:
            found[workload.name] = ours / theirs
    return found


def _table(results, workloads, allocators, metric, scale):
    table = [["program"] + [a.name for a in allocators]]
    for workload in workloads:
        values = [results.median(workload, a.name, metric) for a in allocators]
        best = min((v for v in values if v), default=None)
        cells = [_figure(v, scale) for v in values]
        table.append([workload.name] + [f"**{cell}**" if v and v == best else cell
                                        for cell, v in zip(cells, values)])
    return lines_of(table)


def _means(results, workloads, allocators):
    table = [["geometric mean over"] + [a.name for a in allocators]]
    bases = [name for name in (REFERENCE, FASTEST) if any(a.name == name for a in allocators)]
    for title, metric in (("wall time", "wall_ms"), ("processor time", "cpu_ms"),
                          ("peak memory", "peak_kib"), ("after reclaim", "reclaimed_kib")):
        for base in bases:
            row = [f"{title}, {base}'s"]
            for allocator in allocators:
                found = ratios(results, workloads, metric, allocator.name, base)
                mean = geometric_mean(found.values())
                row.append(f"{mean:.3f}" if mean else "-")
            table.append(row)
    return lines_of(table)


def verdicts(results, workloads, metric="wall_ms"):
    """The goals, one line each."""
    lines = []
    for title, of, base, goal in (("time", metric, FASTEST, TIME_GOAL),
                                  ("peak memory", "peak_kib", REFERENCE, MEMORY_GOAL)):
        mean = geometric_mean(ratios(results, workloads, of, OURS, base).values())
        if mean is not None:
            met = "met" if mean <= goal else "NOT met"
            lines.append(f"- geometric mean of {title}: {mean:.3f} of {base}'s "
                         f"(goal: at most {goal}, {met})")
    beside = ratios(results, workloads, metric, OURS, REFERENCE)
    slower = {name: ratio for name, ratio in beside.items() if ratio > SLOWER}
    lines.append(f"- programs more than 10 % slower than on {REFERENCE}: "
                 f"{len(slower)} of {len(beside)} (goal: 0)")
    lines += [f"    - {name}: {ratio:.2f}" for name, ratio in slower.items()]
    return lines


def text(results, workloads, allocators, about, missing, metric):
    lines = ["# Programs on libfrusa-malloc and other allocators", ""]
    lines += [f"{name}: {value}  " for name, value in about.items()]
    lines += ["allocators: " + ", ".join(f"{a.name} {a.version}".strip() for a in allocators), ""]
    if missing:
        lines += ["Not run, as they are not installed: " + ", ".join(missing), ""]
    lines += ["Medians of interleaved runs. Bold: the best of a row.", "", "## Goals", ""]
    lines += verdicts(results, workloads, metric)
    lines += ["", "## Means", ""] + _means(results, workloads, allocators)
    for title, column, scale in (
            ("Wall time, ms", "wall_ms", 1), ("Processor time, ms", "cpu_ms", 1),
            ("Peak of resident memory, MiB", "peak_kib", 1 / 1024),
            ("Resident memory at the end, after giving back by the allocator's own call, MiB",
             "reclaimed_kib", 1 / 1024), ("Page faults", "faults", 1)):
        lines += ["", f"## {title}", ""] + _table(results, workloads, allocators, column, scale)
    if results.failures:
        lines += ["", "## Failures", ""] + [f"- {failure}" for failure in results.failures]
    return "\n".join(lines) + "\n"


def write_csv(path, results, workloads, allocators, about):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["program", "allocator", "version", "metric", "median", "minimum", "runs",
                         *about])
        for workload in workloads:
            for allocator in allocators:
                samples = results.samples[workload.name][allocator.name]
                for metric, values in sorted(samples.items()):
                    writer.writerow([workload.name, allocator.name, allocator.version, metric,
                                     f"{results.median(workload, allocator.name, metric):g}",
                                     f"{min(values):g}", len(values), *about.values()])
