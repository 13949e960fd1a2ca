# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the pages declare in their SYNOPSIS is what the headers declare, and nothing is left out."""

import re

import manual
from manual import fail

manual.need_mandoc()
declared = manual.declarations()
macros = manual.macros()
real = {f"man{page.section}/{page.file}": page for page in manual.pages()}
page_of = {page.name: real.get(page.target, page).file
           for page in manual.files() if page.section == "3"}
shown = {}  # (kind, name) -> the file of the page that shows it


def show(page, key):
    if key in shown:
        fail(f"{page.file}: {key[1]} is declared in {shown[key]}, too")
    shown[key] = page.file
    if page_of.get(key[1]) != page.file:
        fail(f"{page.file}: declares {key[1]}, whose page is another one")


def check_use(page, statement):
    """An initialiser: OBJECT = MACRO or MACRO(parameters)."""
    name, args = re.fullmatch(r".*=(FRUSA_\w+)(\(.*\))?", statement).groups()
    if name not in macros:
        fail(f"{page.file}: there is no macro {name}")
        return
    if args != macros[name]:
        fail(f"{page.file}: {name}{args or ''}, in the header {name}{macros[name] or ''}")
    show(page, ("macro", name))


def check_declaration(page, statement):
    key = manual.declared_name(statement)
    if key not in declared:
        fail(f"{page.file}: not in the headers: {statement}")
        return
    if statement != declared[key]:
        fail(f"{page.file}:\n    the page    {statement}\n    the headers {declared[key]}")
    show(page, key)


def check_page(page, synopsis):
    lines = []
    for line in synopsis.splitlines():
        word = line.strip().removeprefix("#define ")
        if word in macros:
            show(page, ("macro", word))
        elif not word.startswith("#include"):
            lines.append(line)
    text = "\n".join(lines)
    for statement in map(manual.normal, manual.statements(text)):
        if re.search(r"=FRUSA_", statement):
            check_use(page, statement)
        else:
            check_declaration(page, statement)
    rest = manual.normal(text.rpartition(";")[2])
    if rest:
        fail(f"{page.file}: SYNOPSIS ends without a semicolon: {rest}")


def members(text):
    """The public functions of the classes of a header for C++: what stands before their bodies."""
    for body in re.findall(r"\bclass [^;{}]*\{public:(.*?)(?=protected:|private:)", text):
        depth, start = 0, 0
        for i, c in enumerate(body):
            if c == "{" and depth == 0 and "(" in body[start:i]:
                yield body[start:i]
            depth += (c == "{") - (c == "}")
            if depth == 0 and c in ";}":
                start = i + 1


def head(member):
    """A member function without initialisers, and without what a page leaves out."""
    member = member.replace("[[nodiscard]]", "")
    return re.sub(r"(\)(?:const)?(?: ?noexcept)?):[^:].*", r"\1", member)


def check_cxx_page(page, synopsis):
    """The public functions of the classes are those of the header."""
    text = manual.normal(re.sub(r"^ *#.*$", "", synopsis, flags=re.MULTILINE))
    shown_here = set()
    for body in re.findall(r"\bclass [^;{}]*\{public:(.*?)\};", text):
        shown_here |= set(body.rstrip(";").split(";"))
    wanted = {head(member) for member in members(manual.cxx_headers()[page.name])
              if not member.startswith("friend ")}
    if not wanted:
        manual.die(f"{page.name} declares nothing")
    for member in sorted(wanted - shown_here):
        fail(f"{page.file}: does not declare {member}")
    for member in sorted(shown_here - wanted):
        fail(f"{page.file}: not in the header: {member}")


def check_function_page(page, functions, sections):
    """A page of functions says what they return and how they behave among threads."""
    for heading in ("RETURN VALUE", "ATTRIBUTES"):
        if heading not in sections:
            fail(f"{page.file}: no {heading}")
    for name in functions:
        if f"{name}()" not in sections.get("ATTRIBUTES", ""):
            fail(f"{page.file}: ATTRIBUTES does not name {name}()")


for page in real.values():
    if page.section != "3":
        continue
    sections = page.sections()
    if page.name in manual.cxx_headers():
        check_cxx_page(page, sections["SYNOPSIS"])
        continue
    check_page(page, sections["SYNOPSIS"])
    functions = [name for (kind, name), file in shown.items()
                 if kind == "function" and file == page.file]
    if functions:
        check_function_page(page, functions, sections)

for kind, name in sorted(set(declared) | {("macro", name) for name in macros}):
    if (kind, name) not in shown:
        fail(f"{name}: in no SYNOPSIS")

manual.finish("differences between pages and headers")
