# SPDX-License-Identifier: MIT OR Apache-2.0
"""From figures to a table with ratios and verdicts."""

import csv
import dataclasses
import math
import statistics
import typing


@dataclasses.dataclass
class Verdict:
    """One row, judged."""

    row: object
    ours: typing.Optional[float] = None
    cache: typing.Optional[float] = None
    empty: typing.Optional[float] = None
    call: typing.Optional[float] = None
    best: typing.Optional[float] = None
    best_name: str = ""
    ratio: typing.Optional[float] = None
    goal: str = ""
    met: typing.Optional[bool] = None
    inline: typing.Optional[float] = None
    inline_cache: typing.Optional[float] = None
    inline_ratio: typing.Optional[float] = None
    inline_goal: str = ""
    inline_met: typing.Optional[bool] = None


def judge(row, results, candidates):
    v = Verdict(row, results.minimum(row, "frusa"), results.minimum(row, "frusa-cache"),
                results.minimum(row, "empty loop"), results.minimum(row, "empty call"),
                inline=results.minimum(row, "frusa-inline"),
                inline_cache=results.minimum(row, "frusa-inline-cache"))
    peers = [(results.minimum(row, c.name), c.name) for c in candidates if c.is_peer]
    peers = [p for p in peers if p[0] is not None]
    glibc = dict((name, value) for value, name in peers).get("glibc")
    if row.of_metric:
        v.best, v.best_name = results.minimum(row, "frusa", row.of_metric), row.of_metric.split("_")[0]
    elif row.metric.endswith("_ms"):
        # Some calls are quick because they give nothing back: glibc's is the measure.
        v.best, v.best_name = glibc, "glibc"
    elif peers:
        v.best, v.best_name = min(peers)
    _judge_inline(v)
    if v.ours is None:
        return v
    if v.best:
        v.ratio = v.ours / v.best
    if row.bound is not None:
        v.goal, v.met = f"<= {row.bound:,.0f} {row.unit}", v.ours <= row.bound
    elif row.of_glibc is not None and glibc:
        v.goal, v.met = f"<= {row.of_glibc} of glibc", v.ours <= row.of_glibc * glibc
    elif row.goal is not None and v.ratio is not None:
        v.goal, v.met = f"<= {row.goal}", v.ratio <= row.goal
    return v


def _judge_inline(v):
    if v.inline is None or not v.best:
        return
    v.inline_ratio = v.inline / v.best
    if v.row.inline_goal is not None:
        v.inline_goal, v.inline_met = f"<= {v.row.inline_goal}", v.inline_ratio <= v.row.inline_goal


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def _figure(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _ratio(value):
    return "-" if value is None else f"{value:.2f}"


def _met(value):
    return "-" if value is None else "yes" if value else "NO"


def _lines(table):
    """A table in columns, which is Markdown too."""
    widths = [max(len(line[i]) for line in table) for i in range(len(table[0]))]
    text = []
    for number, line in enumerate(table):
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))]
        text.append("| " + " | ".join(cells) + " |")
        if number == 0:
            text.append("|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":"
                                       for i, w in enumerate(widths)) + "|")
    return text


def summary(verdicts):
    table = [["row", "unit", "goal", "ratio", "met", "frusa", "inline goal", "inline ratio",
              "inline met", "inline", "best peer", "", "empty loop", "empty call", "explicit cache",
              "inline explicit cache"]]
    for v in verdicts:
        table.append([
            v.row.name, v.row.unit, v.goal or "-", _ratio(v.ratio), _met(v.met), _figure(v.ours),
            v.inline_goal or "-", _ratio(v.inline_ratio), _met(v.inline_met), _figure(v.inline),
            _figure(v.best), v.best_name or "-", _figure(v.empty), _figure(v.call),
            _figure(v.cache), _figure(v.inline_cache),
        ])
    return _lines(table)


def matrix(verdicts, results, candidates):
    """Every candidate's figure in every row."""
    table = [["row", "unit"] + [c.name for c in candidates]]
    for v in verdicts:
        table.append([v.row.name, v.row.unit] +
                     [_figure(results.minimum(v.row, c.name)) for c in candidates])
    return _lines(table)


def claims(rows, results):
    """What libfrusa's statistics say beside what the kernel says."""
    table = [["resident above the start, KiB", "kernel", "statistics", "difference"]]
    seen = set()
    for row in rows:
        for metric in sorted(results.samples[results.key(row)]["frusa"]):
            if not metric.startswith("claimed_") or (results.key(row), metric) in seen:
                continue
            seen.add((results.key(row), metric))
            state = metric.removeprefix("claimed_")
            said, real = results.minimum(row, "frusa", metric), results.minimum(row, "frusa", state)
            if said is None or real is None:
                continue
            difference = f"{(said - real) / real * 100:+.1f} %" if real else "-"
            table.append([" ".join(row.arguments).replace("--", "") + " " + state.removesuffix("_kib"),
                          f"{real:,.0f}", f"{said:,.0f}", difference])
    return _lines(table) if len(table) > 1 else []


def system_calls(traced):
    if not traced:
        return ["(strace is missing or may not trace)"]
    phases = ("populate", "free_most", "reclaim_most", "free_rest", "reclaim_rest")
    table = [["system calls"] + list(phases)]
    for name, counters in traced.items():
        cells = []
        for phase in phases:
            common = counters.get(phase, {})
            common = sorted(common.items(), key=lambda item: -item[1])
            cells.append(", ".join(f"{call} {n}" for call, n in common[:4]) or "none")
        table.append([name] + cells)
    return _lines(table)


def _own_means(timed):
    """By shared calls in all rows; inline in the rows that have it, beside shared calls in the same
    rows; and inline where a row has it, shared calls in the others."""
    shared = geometric_mean([v.ratio for v in timed])
    if shared is None:
        return []
    met = "yes" if shared <= 0.75 else "NO"
    lines = [f"libfrusa over the best peer, geometric mean of {len(timed)} time rows: "
             f"by shared calls {shared:.3f} (goal <= 0.75: {met})"]
    having = [v for v in timed if v.inline_ratio]
    if having:
        mixed = geometric_mean([v.inline_ratio or v.ratio for v in timed])
        inline = geometric_mean([v.inline_ratio for v in having])
        same = geometric_mean([v.ratio for v in having])
        lines.append(f"libfrusa inline where a row has it, by shared calls elsewhere: {mixed:.3f}")
        lines.append(f"libfrusa in the {len(having)} rows that have inline figures: "
                     f"inline {inline:.3f}, by shared calls {same:.3f}")
    return lines


def means(verdicts, results, candidates):
    """Geometric means over the time rows, of each allocator over the best peer of the row."""
    timed = [v for v in verdicts if v.row.time and v.best]
    lines = _own_means(timed)
    names = sorted({c.allocator for c in candidates if c.is_peer})
    for name in names:
        variants = [c.name for c in candidates if c.is_peer and c.allocator == name]
        ratios = []
        for v in timed:
            values = [x for x in (results.minimum(v.row, n) for n in variants) if x]
            if values:
                ratios.append(min(values) / v.best)
        mean = geometric_mean(ratios)
        if mean is not None:
            lines.append(f"{name} over the best peer: {mean:.3f}")
    return lines


def text(rows, results, candidates, traced, about, short):
    verdicts = [judge(row, results, candidates) for row in rows]
    goals = [m for v in verdicts for m in (v.met, v.inline_met) if m is not None]
    lines = ["# Benchmarks of libfrusa" + (", short run" if short else ""), ""]
    lines += [f"{name}: {value}  " for name, value in about.items()]
    lines += ["allocators: " + ", ".join(f"{c.name} {c.version}".strip() for c in candidates), ""]
    lines += ["Times are the shortest of many short repetitions, the loop included (nothing is",
              "subtracted). Wall time with several threads is that of one thread's operation while all",
              "work. A ratio is libfrusa over the best peer in this run. The columns frusa and explicit",
              "cache are of shared calls, the inline columns of the paths of <frusa-inline.h>.", ""]
    lines += summary(verdicts) + [""] + means(verdicts, results, candidates)
    if goals:
        lines.append(f"goals met: {sum(goals)} of {len(goals)}")
    lines += ["", "## All figures", ""] + matrix(verdicts, results, candidates)
    claimed = claims(rows, results)
    if claimed:
        lines += ["", "## Statistics beside the kernel", ""] + claimed
    lines += ["", "## System calls of the give-back scenario, the most frequent", ""] + system_calls(traced)
    return "\n".join(lines) + "\n"


def write_csv(path, rows, results, candidates, about):
    columns = ["row", "program", "arguments", "allocator", "binding", "version", "metric", "minimum",
               "median", "processes"] + list(about)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in {results.key(r): r for r in reversed(rows)}.values():
            for c in candidates:
                for metric, values in sorted(results.samples[results.key(row)][c.name].items()):
                    writer.writerow([row.name, row.program, " ".join(row.arguments), c.allocator,
                                     c.binding, c.version, metric, f"{min(values):g}",
                                     f"{statistics.median(values):g}", len(values),
                                     *about.values()])
