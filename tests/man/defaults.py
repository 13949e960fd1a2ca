# SPDX-License-Identifier: MIT OR Apache-2.0
"""The defaults that frusa_config(3) states are those of the header, and of the library."""

import re

import manual
from manual import die, fail

UNITS = {"KiB": 10, "MiB": 20}


def default_of(member):
    """What the header says that 0 stands for, in the comment before a member of struct frusa_config."""
    body = re.search(r"^struct frusa_config \{(.*?)^\};", manual.header_text(),
                     re.MULTILINE | re.DOTALL).group(1)
    found = re.search(rf"/\*((?:(?!\*/).)*)\*/\s*size_t {member};", body, re.DOTALL)
    words = re.search(r"\b0: ([^.;]*)\.", found.group(1)) if found else None
    return words.group(1) if words else die(f"the header tells no default of {member}")


def entry_of(member, page):
    """The paragraph of the page that describes a member."""
    found = re.search(rf"^\.TP\n\.I {member}\n(.*?)^\.TP", page.source, re.MULTILINE | re.DOTALL)
    text = found.group(1) if found else die(f"{page.file} has no entry for {member}")
    return re.sub(r"\\ ", " ", re.sub(r"^\.[A-Z]+ ", "", text, flags=re.MULTILINE))


page = next(page for page in manual.pages() if page.name == "frusa_config")
for member, wording in [("managed_max", "{} is .* and the default"),
                        ("thread_cache_max", "The default is {}"),
                        ("limit", "The default is no bound")]:
    default = default_of(member)
    if not re.search(wording.format(re.escape(default)), entry_of(member, page).replace("\n", " ")):
        fail(f"{page.file}: the default of {member} is {default} in the header")

number, unit = default_of("thread_cache_max").split()
code = (manual.TOP / "lib" / "life.c").read_text(encoding="utf-8")
found = re.search(r"#define DEFAULT_THREAD_CACHE_MAX \(\(size_t\)(\d+) << (\d+)\)", code)
if not found:
    die("lib/life.c defines no DEFAULT_THREAD_CACHE_MAX")
if (found.group(1), int(found.group(2))) != (number, UNITS[unit]):
    fail(f"lib/life.c: {found.group(0)}, in the header {number} {unit}")
manual.finish("defaults that differ")
