#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: plot.sh TABLE PLOT
#
# Draws what the soak sampled (CSV) as an SVG: what is resident, held and live in the meantime, and what is
# resident and held while everybody is stopped and all is reclaimed.

set -eu
table=$1 plot=$2
command -v gnuplot > /dev/null || { echo 'gnuplot is not installed (Debian: gnuplot-nox)' >&2; exit 1; }

gnuplot << END
set terminal svg size 900,520 font 'DejaVu Sans,12' background 'white'
set output '$plot'
set datafile separator ','
set title 'Soak: 64 threads on 16 instances, with reclaimers, forks, faults and instances that end'
set xlabel 'minutes'
set ylabel 'MiB'
set yrange [0:*]
set grid ytics lc rgb '#dddddd'
set key outside below horizontal
busy = '< grep ,busy, $table'
calm = '< grep ,calm, $table'
plot busy using (\$1 / 60):(\$3 / 1024) with lines lc rgb '#0072b2' title 'resident', \\
     busy using (\$1 / 60):(\$4 / 1024) with lines lc rgb '#e69f00' title 'held', \\
     busy using (\$1 / 60):(\$5 / 1024) with lines lc rgb '#009e73' title 'live', \\
     calm using (\$1 / 60):(\$3 / 1024) with points pt 7 ps 0.5 lc rgb '#56b4e9' \\
        title 'resident, all stopped', \\
     calm using (\$1 / 60):(\$4 / 1024) with points pt 7 ps 0.5 lc rgb '#cc79a7' \\
        title 'held, all stopped'
END
