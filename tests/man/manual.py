# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the tests of the manual pages share: the pages, and what the headers declare."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(os.environ["top_srcdir"])
MAN = TOP / "man"
INCLUDE = TOP / "include"

SPDX = "SPDX-License-Identifier: MIT OR Apache-2.0"

INLINE = "static inline"

_findings = 0


def fail(text):
    """Reports one finding; the test goes on."""
    global _findings
    _findings += 1
    print(f"FAIL: {text}")


def die(text):
    """Ends the test: there is nothing here to check, and a check of nothing must not pass."""
    print(f"ERROR: {text}")
    sys.exit(99)


def skip(text):
    print(f"SKIP: {text}")
    sys.exit(77)


def finish(what):
    """Ends the test with what was found."""
    print(f"{what}: {_findings or 'nothing'} found")
    sys.exit(1 if _findings else 0)


# ---- Pages ---------------------------------------------------------------------------------------


class Page:
    """One file of man/: a page, or an alias that only names another page."""

    def __init__(self, path):
        self.path = path
        self.file = path.name
        self.name, self.section = path.name.rsplit(".", 1)
        self.source = path.read_text(encoding="utf-8")
        alias = re.match(r"\.so (\S+)$", self.source, re.MULTILINE)
        self.target = alias.group(1) if alias else None

    def sections(self):
        """Heading -> text, as mandoc renders it without wrapping lines, examples' code left out."""
        source = re.sub(r'^\.\\" (SRC|OUT) BEGIN.*?^\.\\" \1 END[^\n]*\n', "", self.source,
                        flags=re.MULTILINE | re.DOTALL)
        result = subprocess.run(["mandoc", "-Tutf8", "-Owidth=1000"], input=source,
                                stdout=subprocess.PIPE, encoding="utf-8", check=True)
        text = re.sub(".\b", "", result.stdout)
        parts = re.split(r"^([A-Z][A-Z ]*)$", text, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2]))


def files():
    """Every file of man/ that is named like a page."""
    found = [Page(path) for path in sorted(MAN.glob("*.[1-8]"))]
    return found or die(f"no manual pages in {MAN}")


def pages():
    """Those that are no aliases."""
    return [page for page in files() if page.target is None]


def need_mandoc():
    if not shutil.which("mandoc"):
        skip("mandoc is not installed")


def version():
    """The version that the header defines."""
    found = re.search(r'^#define FRUSA_VERSION +"(.*)"', header_text(), re.MULTILINE)
    return found.group(1) if found else die("no FRUSA_VERSION in the header")


# ---- Declarations --------------------------------------------------------------------------------


def header_text():
    return "".join(path.read_text(encoding="utf-8") for path in sorted(INCLUDE.glob("*.h")))


def normal(text):
    """A declaration with every blank that has no meaning removed."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ?([^\w ]) ?", r"\1", text)


def statements(text):
    """What stands before each semicolon outside braces; of an inline function, its head."""
    depth, start, brace = 0, 0, 0
    for i, c in enumerate(text):
        if c == "{" and depth == 0:
            brace = i
        depth += (c == "{") - (c == "}")
        if c == ";" and depth == 0:
            yield text[start:i]
            start = i + 1
        elif c == "}" and depth == 0 and INLINE in text[start:brace]:
            yield text[start:brace].replace(INLINE, "")
            start = i + 1


def without_attributes(text):
    """A text without the attributes that compilers take."""
    while "__attribute__" in text:
        start = text.index("__attribute__")
        end = text.index("(", start)
        depth = 1
        while depth > 0:
            end += 1
            depth += (text[end] == "(") - (text[end] == ")")
        text = text[:start] + text[end + 1:]
    return text


def declared_name(statement):
    """(kind, name) of a normalised declaration; None for what is not one of this library's, or is
    private: those names end in an underscore or in the number of the inline paths' layout."""
    for kind, pattern in (("struct", r"struct (frusa\w*)\{"),
                          ("type", r"typedef struct \w+ (frusa\w+)$"),
                          ("variable", r"extern .*\b(frusa\w+)$"),
                          ("function", r"[\w *]*?\b(frusa_\w+)\(")):
        found = re.match(pattern, statement)
        if found:
            return None if re.search(r"_\d*$", found.group(1)) else (kind, found.group(1))
    return None


def declarations():
    """(kind, name) -> normalised declaration, for all that the headers declare in public."""
    command = shlex.split(os.environ["CC"]) + ["-E", f"-I{INCLUDE}", "-x", "c", "-"]
    includes = "".join(f"#include <{path.name}>\n" for path in sorted(INCLUDE.glob("*.h")))
    output = subprocess.run(command, input=includes, stdout=subprocess.PIPE, encoding="utf-8",
                            check=True).stdout
    ours, kept = False, []
    for line in output.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = Path(marker.group(1)).parent == INCLUDE
        elif ours:
            kept.append(line)
    found = {}
    for statement in statements(without_attributes("\n".join(kept))):
        text = normal(statement)
        key = declared_name(text)
        if key and key != ("struct", "frusa_instance"):  # frusa_t's tag
            # Members that the header calls private are none of the manual's business.
            found[key] = re.sub(r"[^;{]*\bfrusa_\w+_(\[[^;]*)?;", "", text)
    return found or die("the headers declare nothing")


def macros():
    """Name -> parameters, or None for a macro without, of the public macros: those that the headers
    define, and those that a program defines before it includes them."""
    pattern = r"^#define (FRUSA_\w*[A-Z0-9])(?!\w)(\([^)]*\))?"
    found = re.findall(pattern, header_text(), re.MULTILINE)
    found += [(name, "") for name in re.findall(r"\bdefined\((FRUSA_\w*[A-Z0-9])\)", header_text())]
    public = {name: normal(args) if args else None for name, args in found
              if not name.endswith("_H")}
    return public or die("the headers define no macros")


def cxx_headers():
    """Name -> normal text of the headers for C++ alone."""
    return {path.name: normal(re.sub(r"^#.*$", "", path.read_text(encoding="utf-8"),
                                     flags=re.MULTILINE))
            for path in sorted(INCLUDE.glob("*.hpp"))}


def public_names():
    return {name for _, name in declarations()} | set(macros()) | set(cxx_headers())
