# SPDX-License-Identifier: MIT OR Apache-2.0
"""A Python program on libfrusa-malloc, beside the same program on Python's own allocators.

What it buys: after a peak of which a few objects live on, the pages between them go back.

The program loads 300,000 records, keeps one of 100, and looks at its resident memory.
"""

import gc
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # this directory may be read-only


def resident():
    """The resident memory of this process, in MiB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def work():
    """(MiB at the peak, the records that live on)."""
    records = [{"id": i, "name": f"record {i}", "values": [i] * (i % 10)} for i in range(300000)]
    peak = resident()
    kept = records[::100]
    del records
    gc.collect()
    return peak, kept


def on_own_allocators():
    peak, kept = work()
    print(peak, resident(), len(kept))


def on_frusa():
    import frusa
    peak, kept = work()
    before = frusa.stats()
    given = frusa.reclaim()
    after = frusa.stats()
    assert after["reclaimed_total"] == before["reclaimed_total"] + given
    assert kept[7]["name"] == "record 700"
    print(peak, resident(), len(kept))


def run(mode, *command, **environment):
    output = subprocess.run([*command, sys.executable, __file__, mode], stdout=subprocess.PIPE,
                            encoding="ascii", check=True, env={**os.environ, **environment}).stdout
    peak, after, kept = map(int, output.split())
    assert kept == 3000
    return peak, after


def main():
    own_peak, own_after = run("own")
    peak, after = run("frusa", "frusa-run", PYTHONMALLOC="malloc")
    assert after < peak / 2
    try:
        import frusa  # noqa: F401
    except ImportError as error:
        assert "frusa-run" in str(error)
    else:
        raise AssertionError("not on libfrusa-malloc, but nothing said so")
    print(f"resident at the peak, and with 1 of 100 records: {peak}, {after} MiB on libfrusa; "
          f"{own_peak}, {own_after} MiB on Python's own allocators")


if __name__ == "__main__":
    {"own": on_own_allocators, "frusa": on_frusa}.get(sys.argv[-1], main)()
