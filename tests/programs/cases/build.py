# SPDX-License-Identifier: MIT OR Apache-2.0
"""gcc, g++ and make -j on real sources: this library's own."""

import glob
import hashlib
import os
import re

from cases.harness import Case

def _library(sources):
    """The files of the hosted library, as its Makefile.am lists them."""
    with open(os.path.join(sources, "lib", "Makefile.am"), encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    lists = re.findall(r"^(?:core|hosted)_sources = (.*)$", text, re.MULTILINE)
    return sorted(word for line in lists for word in line.split() if word.endswith(".c"))


_MAKEFILE = """
CFLAGS = -O2 -g0 -D_GNU_SOURCE -I{sources}/include -iquote {sources}/lib
vpath %.c {folders}
OBJECTS = {objects}
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
    files = [os.path.join(place.sources, "lib", name) for name in _library(place.sources)]
    place.command("gcc", "-O2", "-S", "-D_GNU_SOURCE", f"-I{place.sources}/include", "-iquote",
                  f"{place.sources}/lib", *files)
    return _digests(place, ".s")


def _gxx(place):
    place.command("g++", "-O2", "-o", "templates", os.path.join(place.inputs, "templates.cc"),
                  "-pthread")
    return _digests(place, "templates") + place.command("sh", "-c", "./templates one-1 two-2 three")


def _make(place):
    names = _library(place.sources)
    objects = " ".join(os.path.basename(name)[:-1] + "o" for name in names)
    folders = " ".join(sorted({os.path.join(place.sources, "lib", os.path.dirname(name))
                               for name in names}))
    with open(os.path.join(place.scratch, "Makefile"), "w", encoding="utf-8") as file:
        file.write(_MAKEFILE.format(sources=place.sources, objects=objects, folders=folders))
    place.command("make", "-s", "-j4")
    return _digests(place, ".o") + _digests(place, ".a")


CASES = (
    Case("gcc -O2: the library", _gcc),
    Case("g++ -O2: templates, and what they print", _gxx),
    Case("make -j4: the library", _make),
)
