# SPDX-License-Identifier: MIT OR Apache-2.0
"""gcc, g++ and make -j on real sources: this library's own."""

import glob
import hashlib
import os

from cases.harness import Case

_MAKEFILE = """
CFLAGS = -O2 -g0 -D_GNU_SOURCE -I{sources}/include -iquote {sources}/lib
vpath %.c {sources}/lib {sources}/lib/port
SOURCES = $(notdir $(wildcard {sources}/lib/*.c {sources}/lib/port/*.c))
OBJECTS = $(SOURCES:.c=.o)
library.a: $(OBJECTS)
	ar Dcr $@ $(OBJECTS)
%.o: %.c
	$(CC) $(CFLAGS) -c -o $@ $<
"""


def _digests(place, suffix):
    """Name and digest of every file that came out."""
    paths = sorted(glob.glob(os.path.join(place.scratch, "**", "*" + suffix), recursive=True))
    lines = []
    for path in paths:
        with open(path, "rb") as file:
            lines.append(f"{os.path.basename(path)} {hashlib.sha256(file.read()).hexdigest()}")
    return "\n".join(lines)


def _gcc(place):
    files = sorted(glob.glob(os.path.join(place.sources, "lib", "*.c")))
    place.command("gcc", "-O2", "-S", "-D_GNU_SOURCE", f"-I{place.sources}/include", "-iquote",
                  f"{place.sources}/lib", *files)
    return _digests(place, ".s")


def _gxx(place):
    place.command("g++", "-O2", "-o", "templates", os.path.join(place.inputs, "templates.cc"),
                  "-pthread")
    return _digests(place, "templates") + place.command("sh", "-c", "./templates one-1 two-2 three")


def _make(place):
    with open(os.path.join(place.scratch, "Makefile"), "w", encoding="utf-8") as file:
        file.write(_MAKEFILE.format(sources=place.sources))
    place.command("make", "-s", "-j4")
    return _digests(place, ".o") + _digests(place, ".a")


CASES = (
    Case("gcc -O2: the library", _gcc),
    Case("g++ -O2: templates, and what they print", _gxx),
    Case("make -j4: the library", _make),
)
