# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every page that a page refers to exists, and every name of this library that it uses is public.

References to pages of the system are checked against system_pages, which holds one a line, as
NAME(SECTION).
"""

import os
import re
from pathlib import Path

import manual
from manual import fail

manual.need_mandoc()
ours = {f"{page.name}({page.section})" for page in manual.files()}
lines = Path(os.environ["srcdir"], "system_pages").read_text(encoding="utf-8").splitlines()
system = [line for line in lines if not line.startswith("#")]
if system != sorted(set(system)):
    fail("system_pages is not in order")

ENVIRONMENT = {"FRUSA_OPTIONS"}
override = "".join(path.read_text(encoding="utf-8") for path in manual.TOP.glob("malloc/*.[ch]"))
for name in sorted(ENVIRONMENT):
    if f'"{name}"' not in override:
        fail(f"malloc/ does not know {name}")
public = manual.public_names() | ENVIRONMENT
used = set()
for page in manual.pages():
    sections = page.sections()
    text = "\n".join(sections.values())
    for reference in sorted(set(re.findall(r"([A-Za-z_][\w.+-]*\([1-8]\))", text))):
        used.add(reference)
        if reference not in ours and reference not in system:
            fail(f"{page.file}: {reference} is neither a page of ours nor in system_pages")
    del sections["SYNOPSIS"]  # another test's
    for name in sorted(set(re.findall(r"\b(?:frusa|FRUSA)_\w+", "\n".join(sections.values())))):
        if name not in public:
            fail(f"{page.file}: {name} is not a public name")

for reference in system:
    if reference not in used:
        fail(f"system_pages: no page refers to {reference}")
for reference in sorted(ours - used):
    name, section = reference[:-3], reference[-2]
    page = manual.Page(manual.MAN / f"{name}.{section}")
    if not page.target:
        fail(f"{page.file}: no page refers to it")

manual.finish("references that lead nowhere")
