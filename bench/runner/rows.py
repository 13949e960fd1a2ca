# SPDX-License-Identifier: MIT OR Apache-2.0
"""The rows of the table: one question each, with what would be a good answer."""

import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    program: str
    arguments: tuple
    metric: str = "wall_ns"  # the figure that is compared
    unit: str = "ns"
    goal: typing.Optional[float] = None  # ratio to the best peer, at most, by shared calls
    inline_goal: typing.Optional[float] = None  # the same through the inline header
    bound: typing.Optional[float] = None  # in the metric's unit, at most (full runs only)
    of_glibc: typing.Optional[float] = None  # ratio to glibc, at most (full runs only)
    of_metric: str = ""  # compare with that metric of the same process instead of with a peer
    time: bool = True  # one of the rows of the geometric mean
    caches: bool = True  # runs through explicit caches too
    inline: bool = True  # runs through the inline header too
    budget: tuple = (400, 110)  # milliseconds for each process: full, short
    processes: tuple = (1, 1)  # in each round: full, short


def _timed(name, program, goal, *arguments, **more):
    return Row(name, program, arguments, goal=goal, **more)


def _times():
    """The rows of page faults and of false sharing do without inline figures: the fast path hardly
    counts in them."""
    for n in (1, 2, 4, 8):
        yield _timed(f"immediate 16..4096, {n} thr.", "immediate", 1.0, "--mode=pow2",
                     f"--threads={n}", inline_goal=0.5)
    yield _timed("immediate 64", "immediate", 0.9, "--mode=fixed", "--min=64")
    yield _timed("immediate 64, constant", "immediate", 1.0, "--mode=constant", inline_goal=0.4)
    yield _timed("batches of 100, 32..144", "batch", 1.0, inline_goal=0.6)
    for n in (1, 2):
        yield _timed(f"ring of 4096, 16..1024, {n} thr.", "ring", 1.0, f"--threads={n}",
                     inline_goal=0.85)
    yield _timed("producer, consumer, 96", "prodcons", 1.0, inline_goal=0.9, budget=(800, 200))
    for count, title, budget in ((65536, "64 Ki", (400, 110)), (1048576, "1 Mi", (1200, 1))):
        for mode, words in (("inorder", "in order"), ("random", "at random")):
            yield _timed(f"free {title} of 64 B {words}", "retained", 0.9,
                         f"--objects={count}", f"--mode={mode}", budget=budget)
    yield _timed("first growth, 500,000 of 128 B", "growth", 0.8,
                 "--objects=500000", "--min=128", "--max=128", inline=False, processes=(3, 1))
    for count in (262144, 1048576):
        yield _timed(f"first growth, {count:,} of 64 B", "growth", 1.0,
                     f"--objects={count}", "--min=64", "--max=64", inline=False, processes=(3, 1))
    for n in (2, 8):
        yield _timed(f"larson, {n} thr.", "larson", 0.9, f"--threads={n}", budget=(800, 200))
    for n in (2, 8):
        yield _timed(f"threadtest, {n} thr.", "threadtest", 1.0, f"--threads={n}")
    yield _timed("cache-thrash, 2 thr.", "falseshare", 1.0, "--mode=thrash", inline=False)
    yield _timed("cache-scratch, 2 thr.", "falseshare", 1.0, "--mode=scratch", inline=False)
    for n in (1, 2):
        yield _timed(f"mixed up to 64 KiB, realloc, {n} thr.", "mixed", 0.9, f"--threads={n}")


def _memory(title, metric, unit, arguments, **more):
    return Row(title, "giveback", arguments, metric=metric, unit=unit, time=False, caches=False,
               inline=False, budget=(1, 1), **more)


def _giveback(objects, idle_objects, threads):
    for n in threads:
        a = ("--mode=scenario", f"--threads={n}", f"--objects={objects}")
        t = f"{n} thr."
        yield _memory(f"{objects:,} of 16..2048 live, {t}", "full_kib", "KiB", a, bound=1049 * 1024)
        yield _memory(f"90 % freed, reclaim, {t}", "after_most_kib", "KiB", a, bound=370 * 1024)
        yield _memory(f"CPU of that, {t}", "reclaim_most_cpu_ms", "ms", a, of_glibc=0.1)
        yield _memory(f"all freed, reclaim, {t}", "after_all_kib", "KiB", a, bound=2 * 1024)
    for n in (x for x in threads if x > 1):
        a = ("--mode=idle", f"--threads={n}", f"--objects={idle_objects}", "--max=512")
        yield _memory(f"{n} idle threads, before", "before_kib", "KiB", a)
        yield _memory(f"{n} idle threads, reclaim", "after_kib", "KiB", a, goal=1.0)
    a = ("--mode=crowd", "--threads=1000", "--objects=200", "--max=1024")
    yield _memory("1,000 mostly idle threads, before", "before_kib", "KiB", a, goal=1.0)
    yield _memory("1,000 mostly idle threads, reclaim", "after_kib", "KiB", a, goal=1.0)
    a = ("--mode=full", f"--objects={objects}")
    yield _memory("full reclaim, beside munmap", "reclaim_full_wall_ms", "ms", a,
                  of_metric="munmap_wall_ms", goal=1.2)
    yield _memory("one object of 64 B", "footprint_kib", "KiB",
                  ("--mode=footprint", "--min=64", "--max=64"), bound=512)


def rows(short):
    """All rows. A short run has a tenth of the give-back scenario's objects, whose bounds then say
    nothing and are dropped."""
    chosen = list(_times())
    if not short:
        return chosen + list(_giveback(1000000, 100000, (1, 2, 8)))
    chosen = [r for r in chosen if "4 thr." not in r.name]
    return chosen + [
        r if r.metric == "footprint_kib" else dataclasses.replace(r, bound=None, of_glibc=None)
        for r in _giveback(100000, 10000, (1, 8))
    ]
