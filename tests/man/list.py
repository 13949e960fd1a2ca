# SPDX-License-Identifier: MIT OR Apache-2.0
"""man/Makefile.am names every file of man/, and each file has the shape of a page."""

import re

import manual
from manual import fail

ORDER = ["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "RETURN VALUE",
         "ERRORS", "ENVIRONMENT", "FILES", "ATTRIBUTES", "STANDARDS", "HISTORY", "NOTES", "CAVEATS",
         "BUGS", "EXAMPLES", "SEE ALSO"]
ALWAYS = ["NAME", "SYNOPSIS", "DESCRIPTION", "HISTORY", "EXAMPLES", "SEE ALSO"]


def check_list(files):
    text = (manual.MAN / "Makefile.am").read_text(encoding="utf-8")
    listed = re.findall(r"[\w.-]+\.[1-8]\b", re.sub(r"#.*", "", text))
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        fail(f"man/Makefile.am: {name} stands there twice")
    for name in sorted({page.file for page in files} - set(listed)):
        fail(f"man/Makefile.am: {name} is missing")
    for name in sorted(set(listed) - {page.file for page in files}):
        fail(f"man/Makefile.am: there is no {name}")


def check_alias(page, real):
    if page.source != f'.so {page.target}\n.\\" {manual.SPDX}\n':
        fail(f"{page.file}: an alias is one .so line and one SPDX line")
    if page.target not in {f"man{other.section}/{other.file}" for other in real}:
        fail(f"{page.file}: {page.target} is not a page")
    elif page.target.rsplit(".", 1)[1] != page.section:
        fail(f"{page.file}: {page.target} is in another section")


def check_head(page):
    lines = page.source.splitlines()
    has_table = re.search(r"^\.TS", page.source, re.MULTILINE) is not None
    if has_table != (lines[0] == "'\\\" t"):
        fail(f"{page.file}: line 1 is '\\\" t if and only if the page has a table")
    if lines[has_table] != f'.\\" {manual.SPDX}':
        fail(f"{page.file}: no SPDX line")
    title = lines[has_table + 1]
    wanted = rf'\.TH {page.name} {page.section} \d{{4}}-\d\d-\d\d "libfrusa {manual.version()}"'
    if not re.fullmatch(wanted, title):
        fail(f"{page.file}: {title}: not the file's name and section, a date and the version")


def check_sections(page):
    headings = re.findall(r"^\.SH (.*)", page.source, re.MULTILINE)
    for heading in headings:
        if heading not in ORDER:
            fail(f"{page.file}: unknown section {heading}")
            return
    if headings != sorted(set(headings), key=ORDER.index):
        fail(f"{page.file}: sections out of order, or twice: {', '.join(headings)}")
    for heading in ALWAYS + (["LIBRARY"] if page.section == "3" else []):
        if heading not in headings:
            fail(f"{page.file}: no {heading}")


def check_errors(page):
    found = re.search(r"^\.SH ERRORS\n(.*?)^\.SH", page.source, re.MULTILINE | re.DOTALL)
    tags = re.findall(r"^\.TP\n\.B (E\w+)", found.group(1), re.MULTILINE) if found else []
    if tags != sorted(tags):
        fail(f"{page.file}: ERRORS not in alphabetical order")


def check_see_also(page):
    entries = re.findall(r"^\.BR (\S+) \((\d)\)(,?)$", page.source.split("\n.SH SEE ALSO\n")[-1],
                         re.MULTILINE)
    if not entries:
        fail(f"{page.file}: SEE ALSO names nothing")
        return
    if [comma for _, _, comma in entries] != [","] * (len(entries) - 1) + [""]:
        fail(f"{page.file}: SEE ALSO: a comma after each entry but the last")
    keys = [(section, name.lower()) for name, section, _ in entries]
    if keys != sorted(set(keys)):
        fail(f"{page.file}: SEE ALSO: not in order of sections and names, or something twice")
    if (page.section, page.name.lower()) in keys:
        fail(f"{page.file}: SEE ALSO names the page itself")


files = manual.files()
real = manual.pages()
check_list(files)
for page in files:
    if page.target:
        check_alias(page, real)
    else:
        check_head(page)
        check_sections(page)
        check_errors(page)
        check_see_also(page)
manual.finish("misshapen pages")
