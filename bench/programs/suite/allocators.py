# SPDX-License-Identifier: MIT OR Apache-2.0
"""The allocators that are compared, each as a library to preload."""

import dataclasses
import os
import subprocess

from runner import candidates

OURS = "frusa"
REFERENCE = "glibc"


@dataclasses.dataclass(frozen=True)
class Allocator:
    name: str
    library: str  # "" for the C library's own
    version: str = ""

    def preload(self, displaces_another):
        """What LD_PRELOAD is to hold. A program that is linked to another allocator gets the C
        library's malloc only if the C library comes first."""
        if self.library or not displaces_another:
            return self.library
        return "libc.so.6"


def _package(path):
    """Name and version of the Debian package that a library is from, or ''."""
    try:
        owner = subprocess.run(["dpkg", "-S", os.path.realpath(path)], capture_output=True,
                               text=True, check=True).stdout.split(": ")[0]
        return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", owner], capture_output=True,
                              text=True, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _check(name, library):
    done = subprocess.run(["/bin/true"], env=dict(os.environ, LD_PRELOAD=library),
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or "cannot be preloaded" in done.stderr:
        raise SystemExit(f"programs: {name}: {library} cannot be preloaded: {done.stderr}")


def find(ours, version, extra):
    """glibc first, ours last. `extra` is a list of (name, path, version)."""
    found = [Allocator(REFERENCE, "", candidates.libc_version())]
    for name, path in candidates.system_libraries().items():
        if name not in (name for name, _, _ in extra):
            found.append(Allocator(name, path, _package(path)))
    found += [Allocator(name, os.path.abspath(path), version) for name, path, version in extra]
    found.append(Allocator(OURS, os.path.abspath(ours), version))
    for allocator in found:
        if allocator.library:
            _check(allocator.name, allocator.library)
    return found
