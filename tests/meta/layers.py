#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks the layers of lib/: layers.py ARCHITECTURE.md SOURCES OBJECTS NM

The table in ARCHITECTURE.md names the layers from the top down, the folder of each, and its files. SOURCES is lib/ of
the source directory, OBJECTS of the build directory. A finding is a line on standard output; the exit status is 1 when
there is one, and 2 when there is nothing to check.

  * Every source file is in the row of its folder, and every row's file exists.
  * One header of each folder says what the layer is for: "Layer NAME: ...".
  * No file includes, and no object calls, what lies further up.
  * No circle of files, by includes and calls together.
"""

import os
import re
import subprocess
import sys


def die(message):
    print(f"ERROR: {message}")
    sys.exit(2)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Layer:
    def __init__(self, number, name, folder, files):
        self.number, self.name, self.folder, self.files = number, name, folder, files


def read_layers(path):
    """The rows of the table with a folder below lib/, keyed by folder relative to lib/."""
    layers = {}
    row = re.compile(r"^\| (\w+) \| `lib/([\w/]*)` \| ((?:`\w+` ?)+)\|", re.MULTILINE)
    for name, folder, files in row.findall(read(path)):
        layer = Layer(len(layers), name, folder.rstrip("/"), re.findall(r"`(\w+)`", files))
        layers[layer.folder] = layer
    return layers


def find_sources(top):
    """Paths relative to `top` of all C files below it, without builds in the source directory."""
    found = []
    for directory, folders, names in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.relpath(os.path.join(directory, name), top)
                  for name in names if name.endswith((".c", ".h"))]
    return sorted(found)


def stem(path):
    return os.path.splitext(path)[0]


def find_includes(top, sources):
    """(from, to, how) by stems, for every include of another file of the library."""
    for source in sources:
        for included in re.findall(r'^#include "([^"]+)"', read(os.path.join(top, source)), re.MULTILINE):
            if included in sources and stem(included) != stem(source):
                yield stem(source), stem(included), f"includes {included}"


def find_objects(top):
    """Stem and path of every object file: those for the shared library, and those of the freestanding core."""
    for directory, _, names in os.walk(top):
        for name in names:
            if not name.endswith(".o"):
                continue
            folder = os.path.relpath(directory, top)
            if os.path.basename(folder) == ".libs":
                folder = os.path.dirname(folder)
            elif not name.startswith("libfrusa_core_a-") and os.path.isdir(os.path.join(directory, ".libs")):
                continue  # the same for the static library
            base = name.removeprefix("libfrusa_core_a-")
            yield os.path.normpath(os.path.join(folder, stem(base))), os.path.join(directory, name)


def run_nm(nm, path):
    """The lines of nm, which may be a command with options."""
    command = [*nm.split(), "-g", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def find_calls(top, sources, nm):
    """(from, to, how) by stems, for every symbol that one object needs and another defines."""
    defined, needed = {}, []
    stems = {stem(source) for source in sources}
    for name, path in find_objects(top):
        if name not in stems:
            continue  # of a file that is gone
        for line in run_nm(nm, path):
            kind, symbol = line.split()[-2:]
            if kind in "Uw":
                needed.append((name, symbol))
            else:
                defined.setdefault(symbol, set()).add(name)
    if not needed:
        die(f"no object files below {top}")
    for name, symbol in needed:
        for place in defined.get(symbol, ()):
            if place != name:
                yield name, place, f"uses {symbol}"


def check_files(layers, sources):
    for source in sources:
        layer = layers.get(os.path.dirname(source))
        if layer is None or os.path.basename(stem(source)) not in layer.files:
            yield f"{source}: in no layer of the table"
    stems = {stem(source) for source in sources}
    for layer in layers.values():
        for name in layer.files:
            if os.path.join(layer.folder, name) not in stems:
                yield f"layer {layer.name}: there is no file {os.path.join(layer.folder, name)}"


def check_headers(top, layers, sources):
    for layer in layers.values():
        headers = [source for source in sources
                   if os.path.dirname(source) == layer.folder and source.endswith(".h") and
                   f"Layer {layer.name}:" in read(os.path.join(top, source))]
        if len(headers) != 1:
            yield f"layer {layer.name}: {len(headers)} headers say what it is for, instead of one"


def check_direction(layers, edges):
    for source, target, how in sorted(edges):
        above, below = layers.get(os.path.dirname(source)), layers.get(os.path.dirname(target))
        if above and below and below.number < above.number:
            yield f"{source}: {how}, which is further up, in {below.name}"


def find_circles(edges):
    """Strongly connected components of more than one file (R. Tarjan, 1972)."""
    following = {}
    for source, target, _ in edges:
        following.setdefault(source, set()).add(target)
    number, lowest, stack, circles = {}, {}, [], []

    def visit(name):
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for target in sorted(following.get(name, ())):
            if target not in number:
                visit(target)
            if target in stack:
                lowest[name] = min(lowest[name], lowest[target])
        if lowest[name] == number[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                circles.append(sorted(stack[at:]))
            del stack[at:]

    for name in sorted(following):
        if name not in number:
            visit(name)
    return circles


def check_circles(edges):
    for circle in find_circles(edges):
        links = sorted(f"{a} {how}" for a, b, how in edges if a in circle and b in circle)
        yield f"a circle of files: {', '.join(circle)} ({'; '.join(links)})"


def main():
    sys.setrecursionlimit(10000)
    table, source_top, object_top, nm = sys.argv[1:]
    layers, sources = read_layers(table), find_sources(source_top)
    if len(layers) < 2 or not sources:
        die(f"{len(layers)} layers in {table}, {len(sources)} files below {source_top}")
    edges = set(find_includes(source_top, sources)) | set(find_calls(object_top, sources, nm))
    findings = [*check_files(layers, sources), *check_headers(source_top, layers, sources),
                *check_direction(layers, edges), *check_circles(edges)]
    for finding in findings:
        print(f"FAIL: {finding}")
    print(f"{len(sources)} files in {len(layers)} layers, {len(edges)} includes and calls, {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
