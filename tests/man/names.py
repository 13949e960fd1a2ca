# SPDX-License-Identifier: MIT OR Apache-2.0
"""Every public name has a manual page, every page of section 3 a public name; NAME lists them."""

import manual
from manual import fail

manual.need_mandoc()
files = manual.files()
public = manual.public_names()

documented = {page.name for page in files if page.section == "3"}
for name in sorted(public - documented):
    fail(f"{name}: no manual page")
for name in sorted(documented - public):
    fail(f"{name}.3: the headers declare no such name")

for page in files:
    if page.target:
        continue
    names, dash, purpose = page.sections()["NAME"].partition(" - ")
    listed = {name.strip() for name in names.split(",")}
    aliases = [other for other in files if other.target == f"man{page.section}/{page.file}"]
    here = {other.name for other in [page] + aliases}
    if not dash or not purpose.strip():
        fail(f"{page.file}: NAME has no purpose")
    for name in sorted(here - listed):
        fail(f"{page.file}: NAME does not list {name}")
    for name in sorted(listed - here):
        fail(f"{page.file}: NAME lists {name}, which does not lead here")

manual.finish("names without a page")
