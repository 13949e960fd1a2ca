# SPDX-License-Identifier: MIT OR Apache-2.0
"""A plot: time and memory of each allocator, the geometric means beside glibc's."""

import os
import shutil
import subprocess

from runner.plots import COLOURS
from runner.report import geometric_mean
from suite.allocators import OURS, REFERENCE
from suite.tables import ratios


def _points(results, workloads, allocators, metric):
    for allocator in allocators:
        time, memory = (
            geometric_mean(ratios(results, workloads, what, allocator.name, REFERENCE).values())
            for what in (metric, "peak_kib"))
        if time and memory:
            yield allocator.name, time, memory


def draw(directory, results, workloads, allocators, metric):
    """Draws programs.svg and .png; returns a line that says what was done."""
    if shutil.which("gnuplot") is None:
        return "no plot: gnuplot is not installed"
    plots, data = [], []
    for i, (name, time, memory) in enumerate(_points(results, workloads, allocators, metric)):
        data.append(f"$d{i} << EOD\n{time:.4f} {memory:.4f} {name}\nEOD")
        colour = "#000000" if name == OURS else COLOURS[i % len(COLOURS)]
        plots.append(f"$d{i} using 1:2 with points pt 7 ps 1.6 lc rgb '{colour}' notitle")
        plots.append(f"$d{i} using 1:2:3 with labels left offset 1,0 tc rgb '{colour}' notitle")
    if not plots:
        return "no plot: nothing to draw"
    for terminal, suffix in (("svg size 800,560 font 'DejaVu Sans,12' background 'white'", ".svg"),
                             ("pngcairo size 800,560 font 'DejaVu Sans,10'", ".png")):
        script = data + [
            f"set terminal {terminal}",
            f"set output '{os.path.join(directory, 'programs' + suffix)}'",
            "set logscale xy 2", "set offsets graph 0.1, graph 0.25, graph 0.1, graph 0.1",
            "set grid lt 1 lw 0.5 lc rgb '#dddddd'",
            "set xlabel 'time, of that on glibc (geometric mean; left is faster)'",
            "set ylabel 'peak memory, of that on glibc (down is leaner)'",
            "plot " + ", \\\n  ".join(plots)]
        subprocess.run(["gnuplot"], input="\n".join(script) + "\n", text=True, check=True)
    return "plot: programs.svg (and .png)"
