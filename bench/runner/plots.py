# SPDX-License-Identifier: MIT OR Apache-2.0
"""Plots, drawn by gnuplot as SVG (and PNG, for those who look at them in a terminal's viewer)."""

import os
import shutil
import subprocess

# Of the palette by B. Wong, "Points of view: Color blindness" (Nature Methods, 2011).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#b0a000")
OURS = "#000000"

# libfrusa's families in the plot of times: title, candidate, point type of gnuplot (open for shared
# calls, filled for the inline header), size.
FAMILIES = (("libfrusa", "frusa", 6, 1.5), ("libfrusa, inline", "frusa-inline", 7, 1.5),
            ("libfrusa, explicit caches", "frusa-cache", 4, 1.3),
            ("libfrusa, inline, explicit caches", "frusa-inline-cache", 5, 1.3),
            ("libfrusa, unsized", "frusa-unsized", 8, 1.3),
            ("libfrusa, inline, unsized", "frusa-inline-unsized", 9, 1.3))
GOAL, INLINE_GOAL = "#d62728", "#ff9896"

# The ratios that the plot of times shows; what lies beyond is drawn at its edge.
LEFT, RIGHT = 0.125, 16


def _best_of(results, row, names):
    values = [v for v in (results.minimum(row, n) for n in names) if v]
    return min(values) if values else None


def _peers(candidates):
    """Peer -> names of its variants."""
    chosen = {}
    for c in candidates:
        if c.is_peer:
            chosen.setdefault(c.allocator, []).append(c.name)
    return chosen


def _quoted(text):
    return '"' + text.replace('"', "'") + '"'


def _draw(path, script):
    for terminal, suffix in (("svg size {w},{h} font 'DejaVu Sans,12' background 'white'", ".svg"),
                             ("pngcairo size {w},{h} font 'DejaVu Sans,10'", ".png")):
        subprocess.run(["gnuplot"], input=script(terminal, path + suffix), text=True, check=True)


def _series(candidates):
    """(title, names of the variants, point type, size, colour) of each series of the plot."""
    for title, name, mark, size in FAMILIES:
        yield title, [name], mark, size, OURS
    for index, (title, variants) in enumerate(_peers(candidates).items()):
        yield title, variants, 4 + (index + 2) % 3 * 2, 0.9, COLOURS[index % len(COLOURS)]


def _goal_lines(rows, goal_of):
    """A short upright line in each row that has the goal."""
    lines = []
    for index, row in enumerate(rows):
        if goal_of(row):
            y = len(rows) - index
            lines.append(f"{goal_of(row)} {y - 0.35}\n{goal_of(row)} {y + 0.35}\n")
    return "\n".join(lines)


def _ratio_plot(path, rows, results, candidates):
    """A line for each row, a mark for each allocator, at its time over the best peer's."""
    peers = [c.name for c in candidates if c.is_peer]
    rows = [r for r in rows if r.time and _best_of(results, r, peers)]
    if not rows:
        return
    data, plots = [], []
    for index, (name, variants, kind, size, colour) in enumerate(_series(candidates)):
        points = []
        for line, row in enumerate(rows):
            value = _best_of(results, row, variants)
            if value:
                ratio = min(max(value / _best_of(results, row, peers), LEFT), RIGHT)
                points.append(f"{ratio:.4f} {len(rows) - line}")
        if not points:
            continue
        data.append(f"$d{index} << EOD\n" + "\n".join(points) + "\nEOD")
        plots.append(f"$d{index} using 1:2 with points pt {kind} ps {size} lw 1.5 lc rgb '{colour}' "
                     f"title {_quoted(name)}")
    for title, colour, goal_of in (("goal", GOAL, lambda r: r.goal),
                                   ("goal, inline", INLINE_GOAL, lambda r: r.inline_goal)):
        lines = _goal_lines(rows, goal_of)
        if lines:
            block = "$" + title.replace(", ", "_")
            data.append(f"{block} << EOD\n{lines}\nEOD")
            plots.insert(0, f"{block} using 1:2 with lines lw 3 lc rgb '{colour}' title '{title}'")
    labels = ", ".join(f"{_quoted(r.name)} {len(rows) - i}" for i, r in enumerate(rows))

    def script(terminal, output):
        return "\n".join(
            data + [
                "set terminal " + terminal.format(w=1200, h=100 + 24 * max(len(rows), len(plots))),
                f"set output {_quoted(output)}",
                "set logscale x 2", f"set xrange [{LEFT}:{RIGHT}]",
                "set xtics (0.125, 0.25, 0.5, '1 (best peer)' 1, 2, 4, 8, 16)",
                f"set yrange [0.4:{len(rows) + 0.6}]", f"set ytics ({labels}) scale 0",
                "set grid xtics ytics lt 1 lw 0.5 lc rgb '#dddddd'",
                "set key outside right top vertical Left reverse",
                f"set xlabel 'time over the best peer in the same run (left is faster; beyond {RIGHT}: at the edge)'",
                f"set arrow from 1,0.4 to 1,{len(rows) + 0.6} nohead lw 1.5 lc rgb '#888888'",
                "plot " + ", \\\n  ".join(plots),
            ]) + "\n"

    _draw(path, script)


STAGES = (("full_kib", "all live"), ("after_most_kib", "90 % freed, given back"),
          ("after_all_kib", "all freed, given back"))


def _giveback_plot(path, rows, results, candidates):
    """Resident memory at each stage of the scenario on one thread, in groups of bars."""
    row = next((r for r in rows if r.metric == "full_kib" and "--threads=1" in r.arguments), None)
    if row is None:
        return
    lines = []
    for name, variants in [("libfrusa", ["frusa"]), *_peers(candidates).items()]:
        values = [results.minimum(row, variants[0], metric) for metric, _ in STAGES]
        if all(v is not None for v in values):
            lines.append(_quoted(name) + " " + " ".join(f"{v / 1024:.2f}" for v in values))
    if not lines:
        return
    titles = ("full", "most", "rest")
    plots = [f"$bars using {i + 2}:xtic(1) title {_quoted(STAGES[i][1])} lc rgb '{COLOURS[i]}'"
             for i in range(len(titles))]
    plots += [f"$bars using ($0 + {(i - 1) * 0.27:.2f}):{i + 2}:(sprintf('%.3g', ${i + 2})) "
              "with labels offset 0,0.6 font ',9' notitle" for i in range(len(titles))]

    def script(terminal, output):
        return "\n".join([
            "$bars << EOD\n" + "\n".join(lines) + "\nEOD",
            "set terminal " + terminal.format(w=1000, h=480), f"set output {_quoted(output)}",
            "set style data histogram", "set style histogram clustered gap 1",
            "set style fill solid 0.9 noborder", "set boxwidth 0.9", "set yrange [0:*]",
            "set offsets graph 0, 0, graph 0.05, 0", "set grid ytics lt 1 lw 0.5 lc rgb '#dddddd'",
            "set ylabel 'MiB resident above the start'", "set key outside top center horizontal",
            f"set title {_quoted(row.name.split(' live')[0] + ' bytes, one thread')}",
            "plot " + ", \\\n  ".join(plots),
        ]) + "\n"

    _draw(path, script)


def draw(directory, rows, results, candidates):
    """Draws what there is data for; returns a line that says what was done."""
    if shutil.which("gnuplot") is None:
        return "no plots: gnuplot is not installed"
    _ratio_plot(os.path.join(directory, "times"), rows, results, candidates)
    _giveback_plot(os.path.join(directory, "giveback"), rows, results, candidates)
    return "plots: times.svg, giveback.svg (and .png)"
