# SPDX-License-Identifier: MIT OR Apache-2.0
"""libfrusa-malloc for Python programs that run on it.

    PYTHONMALLOC=malloc frusa-run python3 program.py

With PYTHONMALLOC=malloc Python allocates every object by malloc, and so from the instance of
libfrusa-malloc. Without it Python keeps objects up to 512 bytes in arenas of its own.
"""

import ctypes


class _Stats(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "allocated_from_fallback", "in_use", "allocated_metadata", "in_use_metadata", "cached",
        "large", "purged", "reclaimed_total", "peak_allocated", "fallback_allocs",
        "fallback_deallocs")] + [("reserved", ctypes.c_size_t * 6)]


_process = ctypes.CDLL(None)
try:
    _process.frusa_malloc_instance.restype = ctypes.c_void_p
except AttributeError:
    raise ImportError("this process does not run on libfrusa-malloc: start it with frusa-run") from None
_heap = ctypes.c_void_p(_process.frusa_malloc_instance())
_process.frusa_reclaim.restype = ctypes.c_size_t


def reclaim():
    """Gives all memory without a live object back to the system; returns the bytes.

    The call releases the interpreter's lock: other threads run on.
    """
    return _process.frusa_reclaim(_heap)


def stats():
    """What the instance behind malloc holds: a dictionary with the members of struct frusa_stats."""
    result = _Stats()
    if _process.frusa_get_stats(_heap, ctypes.byref(result)) != 0:
        raise OSError("no statistics")
    return {name: getattr(result, name) for name, _ in _Stats._fields_ if name != "reserved"}
