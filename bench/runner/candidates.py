# SPDX-License-Identifier: MIT OR Apache-2.0
"""The allocators that are compared: libfrusa's call families, and every peer at hand."""

import dataclasses
import os
import platform
import re
import subprocess

# Debian's packages libjemalloc2, libtcmalloc-minimal4 and libmimalloc2.0.
KNOWN_LIBRARIES = (
    ("jemalloc", ("libjemalloc.so.2",)),
    ("tcmalloc", ("libtcmalloc_minimal.so.4",)),
    ("mimalloc", ("libmimalloc.so.2.0", "libmimalloc.so.2")),
)

# Sized frees that only pass on to the unsized one: left out of short runs, where each counts.
SLOWER_SIZED = ("mi_free_size",)

# libfrusa's bindings: by shared calls, and by the paths of <frusa-inline.h>.
SHARED = ("frusa", "frusa-cache", "frusa-unsized")
INLINE = ("frusa-inline", "frusa-inline-cache", "frusa-inline-unsized")
LEFT_OUT_OF_SHORT = ("frusa-unsized", "frusa-inline-cache", "frusa-inline-unsized")


@dataclasses.dataclass(frozen=True)
class Candidate:
    name: str  # as in tables; peers' variants as "NAME sized"
    binding: str  # as in --binding
    library: str = ""  # to preload
    version: str = ""

    @property
    def is_peer(self):
        return self.binding.startswith("malloc")

    @property
    def is_inline(self):
        return self.binding in INLINE

    @property
    def allocator(self):
        """The peer whatever its variant."""
        return self.name.removesuffix(" sized")

    def environment(self):
        env = dict(os.environ, LC_ALL="C")
        env.pop("LD_PRELOAD", None)
        if self.library:
            env["LD_PRELOAD"] = self.library
        return env


def _describe(programs, candidate):
    """What the program `describe` says about an allocator, as a dictionary; None if it does not run."""
    done = subprocess.run(
        [os.path.join(programs, "describe"), f"--binding={candidate.binding}"],
        env=candidate.environment(), capture_output=True, text=True, timeout=60, check=False,
    )
    # A library that cannot be preloaded is only a line on standard error to the dynamic linker.
    if done.returncode != 0 or "cannot be preloaded" in done.stderr:
        return None
    return dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)


def system_libraries():
    """NAME -> PATH of the known peers that the dynamic linker finds."""
    try:
        listing = subprocess.run(
            ["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    paths = dict(re.findall(r"^\s*(\S+) \(.*\) => (\S+)$", listing, re.MULTILINE))
    found = {}
    for name, files in KNOWN_LIBRARIES:
        path = next((paths[file] for file in files if file in paths), None)
        if path:
            found[name] = path
    return found


def libc_version():
    return platform.libc_ver()[1]


def _peer(programs, name, library, short):
    """A peer's variants: malloc and free, and its sized free if it has one."""
    plain = Candidate(name, "malloc", library)
    about = _describe(programs, plain)
    if about is None:
        raise SystemExit(f"bench: {name}: {library} cannot be preloaded")
    version = about.get("version", "") if library else about["libc"]
    plain = dataclasses.replace(plain, version=version)
    sized = dataclasses.replace(plain, name=f"{name} sized", binding="malloc-sized")
    if "sized" not in about:
        return [plain]
    if not short:
        return [plain, sized]
    return [plain] if about["sized"] in SLOWER_SIZED else [sized]


def find(programs, extra, short):
    """All candidates, the two empty ones first. `extra` is a list of (name, path)."""
    frusa = Candidate("frusa", "frusa")
    about = _describe(programs, frusa)
    if about is None:
        raise SystemExit("bench: the program describe does not run")
    version = about["version"]
    bindings = [b for b in SHARED + INLINE if not short or b not in LEFT_OUT_OF_SHORT]
    candidates = [Candidate("empty loop", "empty"), Candidate("empty call", "empty-call")]
    candidates += [Candidate(b, b, version=version) for b in bindings]
    candidates += _peer(programs, "glibc", "", short)
    for name, library in list(system_libraries().items()) + list(extra):
        candidates += _peer(programs, name, os.path.abspath(library), short)
    return candidates
