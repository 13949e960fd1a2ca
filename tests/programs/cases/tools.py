# SPDX-License-Identifier: MIT OR Apache-2.0
"""git and sqlite3."""

import glob
import os

from cases.harness import Case

_GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org",
        "-c", "init.defaultBranch=main", "-c", "pack.threads=4", "-c", "gc.auto=0")


def _history(sources):
    """200 commits to the library's own sources, as git fast-import reads them."""
    files = sorted(glob.glob(os.path.join(sources, "lib", "*.c")))
    stream, when = [], 1700000000
    for step in range(200):
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {when + step} +0000\n"
                      f"data 8\nstep {step:03d}")
        for path in files[step % 7 :: 7]:
            with open(path, encoding="utf-8") as file:
                lines = file.read().split("\n")
            start = step * 11 % max(1, len(lines) - 30)
            lines[start : start + 20] = reversed(lines[start : start + 20])
            text = "\n".join(lines)
            name = os.path.basename(path)
            stream.append(f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}")
    return "\n".join(stream) + "\n"


def _git(place):
    def git(*words, **more):
        return place.command(*_GIT, *words, **more)
    git("init", "-q", "--bare", "origin")
    git("-C", "origin", "fast-import", "--quiet", text=_history(place.sources))
    git("clone", "-q", f"file://{place.scratch}/origin", "clone")
    git("-C", "clone", "gc", "-q", "--aggressive", "--prune=now")
    git("-C", "clone", "checkout", "-q", "-b", "side", "HEAD~50")
    git("-C", "clone", "merge", "-q", "--no-edit", "-s", "ours", "origin/main",
        env={"GIT_AUTHOR_DATE": "1800000000 +0000", "GIT_COMMITTER_DATE": "1800000000 +0000"})
    text = git("-C", "clone", "log", "-p", "--stat", "--no-color", "-M", "main")
    text += git("-C", "clone", "log", "--graph", "--format=%H %s", "side")
    text += git("-C", "clone", "blame", "-s", "HEAD", "--", "cache.c")
    return text + git("-C", "clone", "fsck", "--full", "--strict") + "checked\n"


def _sqlite(place):
    with open(os.path.join(place.inputs, "rows.sql"), encoding="utf-8") as file:
        rows = file.read()
    text = place.command("sqlite3", os.path.join(place.scratch, "rows.db"), text=rows)
    again = "VACUUM;\nSELECT count(*), sum(length(note)) FROM item;\n.dump item\n"
    return text + place.command("sqlite3", os.path.join(place.scratch, "rows.db"), text=again)


CASES = (
    Case("git: clone, gc, merge, log, blame, fsck", _git),
    Case("sqlite3: 300,000 rows, indexes, queries", _sqlite),
)
