# SPDX-License-Identifier: MIT OR Apache-2.0
"""The options that frusa-malloc(7) and frusa-run(1) describe are those of malloc/options.def.

"options.py --table" prints the rows of the table in frusa-malloc(7), to be put there.
"""

import re
import sys
import textwrap

import manual
from manual import die, fail

PAGE = "frusa-malloc"
TABLE = "Name and value\tDefault\tMeaning\n"


def options():
    """(kind, name, initial, values, help) of each option."""
    source = (manual.TOP / "malloc" / "options.def").read_text(encoding="utf-8")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    found = re.findall(r'FR_OPTION\((\w+), (\w+), (\w+), \w+, \w+, "([^"]*)",\s*"([^"]*)"\)', source)
    if not found or len(found) != source.count("FR_OPTION("):
        die("malloc/options.def is not understood")
    return found


def number(text):
    """A number, or a macro of <frusa.h> that stands for one."""
    if text.isdigit():
        return int(text)
    found = re.search(rf"#define {text} +\(\(size_t\)(\d+)\)", manual.header_text())
    return int(found.group(1)) if found else die(f"unknown number {text}")


def default(kind, initial, values):
    if kind in ("FILE", "PATH"):
        return "\\(em"
    if kind == "PACE":
        return "no"
    if kind == "CHOICE":
        return values.split("|")[number(initial)]
    size, units = number(initial), ["", "k", "m", "g", "t"]
    while size and size % 1024 == 0 and len(units) > 1:
        size, units = size // 1024, units[1:]
    return f"{size}{units[0]}"


def row(kind, name, initial, values, text):
    text = textwrap.fill(text[0].upper() + text[1:] + ".", 76, break_on_hyphens=False)
    text = text.replace("-", "\\-")
    return f"{name}={values}\t{default(kind, initial, values)}\tT{{\n.na\n.nh\n{text}\nT}}\n"


rows = "".join(row(*option) for option in options())
if "--table" in sys.argv:
    print(rows, end="")
    sys.exit(0)

pages = {page.name: page for page in manual.pages()}
if TABLE + rows + ".TE\n" not in pages[PAGE].source:
    fail(f"{PAGE}.7: the table is not what options.py --table prints")

tool = pages["frusa-run"].source
for kind, name, _, values, _ in options():
    option = r"\-\-" + name.replace("_", r"\-")
    if option not in tool:
        fail(f"frusa-run.1: {option} is missing")
    for word in values.split("|") if kind == "CHOICE" else []:
        if not re.search(rf"^\.BR {re.escape(option)}= .*\b{word}\b", tool, re.MULTILINE):
            fail(f"frusa-run.1: {option} without {word}")
known = {r"\-\-" + name.replace("_", r"\-") for _, name, _, _, _ in options()}
for option in re.findall(r"^\.TP\n\.BI? ?R? (\\-\\-[a-z\\-]+)", tool, re.MULTILINE):
    if option not in known | {r"\-\-library", r"\-\-help", r"\-\-version"}:
        fail(f"frusa-run.1: there is no {option}")
manual.finish("options that differ")
