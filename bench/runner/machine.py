# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a figure depends on besides the allocator: the machine, the kernel, the day."""

import datetime
import os
import platform
import subprocess


def _first_line_with(path, start):
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith(start):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def _chosen(path):
    """The word in brackets of a file such as transparent_hugepage/enabled."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return "unknown"
    return text[text.find("[") + 1 : text.find("]")] if "[" in text else text.strip()


def _revision(directory):
    try:
        return subprocess.run(
            ["git", "-C", directory, "describe", "--always", "--dirty"],
            capture_output=True, text=True, check=True, timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def describe(source_directory):
    """Everything as one dictionary, each value a short text."""
    return {
        "date": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        "revision": _revision(source_directory),
        "processor": _first_line_with("/proc/cpuinfo", "model name"),
        "processors": str(len(os.sched_getaffinity(0))),
        "memory_mib": str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20),
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "thp": _chosen("/sys/kernel/mm/transparent_hugepage/enabled"),
        "load": " ".join(f"{x:.1f}" for x in os.getloadavg()),
    }
