# SPDX-License-Identifier: MIT OR Apache-2.0
"""Commands of gdb that look into instances of libfrusa, in a process or in a core.

gdb loads the file by itself with the library, if it is installed below a directory of gdb's setting
"auto-load scripts-directory". Otherwise: source FILE. The library needs debugging information.

  frusa instances          the instances of the process
  frusa instance [F]       one instance: what it holds, and its caches
  frusa heap [F]           its size classes, a row for each
  frusa slab SIZE [F]      the spans of the class for that size
  frusa span ADDRESS       the span around an address
  frusa owner ADDRESS      what an address is: whose, and whether live, cached or free

F is an expression of type frusa_t or frusa_t *; without it the one instance there is, or
malloc's. Nothing is called in the process, and no lock is taken. While other threads are in the
library figures may disagree.
"""

import gdb

DATA, METADATA, LARGE = range(3)
WORD_BITS = 64


def word(atomic):
    """The number in an fr_atomic."""
    return int(atomic[atomic.type.fields()[0].name])


def type_of(name):
    try:
        return gdb.lookup_type(name)
    except gdb.error:
        raise gdb.GdbError(
            f"there is no {name}: libfrusa has no debugging information, or is not loaded"
        ) from None


def containing(container, link):
    """Returns a function from the address of a link to the structure that it is in."""
    kind = type_of("struct " + container)
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == link)
    return lambda at: gdb.Value(int(at) - offset).cast(kind.pointer()).dereference()


def members(head, container, link):
    """The structures on the circular list whose head is at an address."""
    structure = containing(container, link)
    at = head.dereference()["next"]
    while int(at) != int(head):
        yield structure(at)
        at = at.dereference()["next"]


def ring(first, container, link):
    """The structures on the ring whose first member's link is at an address, or 0."""
    structure = containing(container, link)
    at = first.cast(type_of("struct fr_link").pointer())
    while int(at):
        yield structure(at)
        at = at.dereference()["next"]
        if int(at) == int(first):
            return


def class_size(number):
    """The size of a class's objects, as lib/base/sizeclass.h calculates it."""
    if number < 8:
        return (number + 1) * 16
    log2, fraction = 7 + (number - 8) // 8, (number - 8) % 8 + 1
    return (1 << log2) + (fraction << (log2 - 3))


class Span:
    def __init__(self, value):
        self.value = value
        self.descriptor = int(value.address)
        self.heap = int(value["heap"])
        base = int(value["base"]) & (2**64 - 1)
        self.base = ~base & (2**64 - 1) if int(value["disguised"]) else base
        self.bytes = int(value["bytes"])
        self.object_size = int(value["object_size"])
        self.first_slot = int(value["first_slot"])
        self.capacity = int(value["capacity"])
        self.slots = self.capacity + self.first_slot
        self.count = word(value["count"])
        self.number = int(value["cls"])
        self.purged_pages = bin(word(value["purged"])).count("1")

    def contains(self, address):
        return self.base <= address < self.base + self.bytes

    def bit(self, slot, first_word=0):
        return word(self.value["taken"][first_word + slot // WORD_BITS]) >> slot % WORD_BITS & 1

    def is_taken(self, slot):
        return self.bit(slot)

    def kept_objects(self):
        """Addresses of the objects that the span's owner keeps."""
        words = int(self.value["words"])
        for slot in range(self.slots):
            if self.bit(slot, words):
                yield self.base + slot * self.object_size

    def taken(self):
        return sum(self.is_taken(slot) for slot in range(self.first_slot, self.slots))


class Instance:
    def __init__(self, value):
        self.value = value
        self.address = int(value.address)
        self.heap = value["heap"]

    def spans(self, kind):
        head = self.heap["all"]["kinds"][kind].address
        return [Span(value) for value in members(head, "fr_span", "in_all")]

    def caches(self):
        head = self.value["registry"]["caches"].address
        return list(members(head, "frusa_cache", "in_registry"))

    def held(self):
        """Bytes for spans, for metadata, for large objects, and kept for nothing."""
        return [word(self.heap["backing"]["held_for"][purpose]) for purpose in range(4)]

    def name(self):
        block = gdb.execute(f"info symbol {self.address:#x}", to_string=True)
        return "" if block.startswith("No symbol") else block.split(" in section")[0]


def cached_objects(cache):
    """(class, address) of each free object in a cache."""
    magazines = cache["fast"]["magazines"]
    low, high = magazines.type.range()
    pointer = gdb.lookup_type("size_t").pointer()
    for number in range(low, high + 1):
        magazine = magazines[number]
        for at in range(word(magazine["lo"]), word(magazine["top"]), 8):
            yield number, int(gdb.Value(at).cast(pointer).dereference())
        for span in ring(magazine["kept"], "fr_span", "in_owner"):
            for address in Span(span).kept_objects():
                yield number, address


def instances():
    name = "fr_process_instances"
    head = gdb.lookup_symbol(name)[0] or gdb.lookup_static_symbol(name)
    if head is None:
        raise gdb.GdbError("there is no libfrusa with debugging information")
    return [Instance(value) for value in members(head.value().address, "fr_instance", "in_process")]


def chosen(expression):
    """The instance that a user means."""
    known = instances()
    if expression:
        value = gdb.parse_and_eval(expression)
        is_pointer = value.type.strip_typedefs().code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_INT)
        address = int(value) if is_pointer else int(value.address)
        for instance in known:
            if instance.address == address:
                return instance
        raise gdb.GdbError(f"no instance of the process is at {address:#x}")
    if len(known) == 1:
        return known[0]
    for instance in known:
        if instance.name() == "fr_malloc_heap":
            return instance
    raise gdb.GdbError(f"there are {len(known)} instances; which one? (frusa instances)")


def span_at(address):
    """(instance, span, kind) for the innermost span around an address, or None."""
    found = None
    for instance in instances():
        for kind in (DATA, METADATA, LARGE):
            for span in instance.spans(kind):
                if span.contains(address) and (found is None or span.bytes < found[1].bytes):
                    found = instance, span, kind
    return found


def kib(size):
    return f"{(size + 512) // 1024} KiB"


def say(text):
    gdb.write(text + "\n")


def describe_instance(instance):
    spans, metadata, large, kept = instance.held()
    name = instance.name()
    say(f"instance {instance.address:#x}" + (f" ({name})" if name else ""))
    say(f"  held        {kib(spans + metadata + large + kept)}: spans {kib(spans)}, "
        f"metadata {kib(metadata)}, large objects {kib(large)}, kept blocks {kib(kept)}")
    say(f"  at most     {kib(word(instance.heap['backing']['peak']))}, "
        f"limit {kib(word(instance.heap['backing']['limit']))}, 0 for none")
    say(f"  empty       {kib(word(instance.heap['empty_bytes']))}, "
        f"purged {kib(word(instance.heap['purged']))}")
    for cache in instance.caches():
        objects = list(cached_objects(cache))
        size = sum(class_size(number) for number, _ in objects)
        thread = int(cache["thread"])
        owner = f"of thread record {thread:#x}" if thread else "explicit"
        say(f"  cache       {int(cache.address):#x}, {owner}: {len(objects)} objects, {kib(size)}")


def describe_span(instance, span, kind):
    what = ("data", "metadata", "large object")[kind]
    say(f"{what} span {span.base:#x} .. {span.base + span.bytes:#x}, {span.bytes} bytes, "
        f"of instance {instance.address:#x}; descriptor {span.descriptor:#x}")
    if kind != LARGE:
        say(f"  objects of {span.object_size} bytes: {span.taken()} of {span.capacity} taken, "
            "live or cached")
        say(f"  {span.purged_pages} pages purged")


def standing(instance, span, slot, address):
    """Whether an object is live, cached or free."""
    if not span.is_taken(slot):
        return "free, in its span"
    for cache in instance.caches():
        if (span.number, address) in cached_objects(cache):
            return f"free, in the cache {int(cache.address):#x}"
    return "live"


def describe_owner(address):
    found = span_at(address)
    if found is None:
        say(f"{address:#x} is in no instance of libfrusa")
        return
    instance, span, kind = found
    if kind == LARGE:
        start, state = span.base, "live"
        what = f"a large object of {span.bytes} bytes"
    else:
        slot = (address - span.base) // span.object_size
        start = span.base + slot * span.object_size
        if slot >= span.slots:
            say(f"{address:#x} is behind the last object of the span {span.base:#x}")
            return
        what = f"an object of {span.object_size} bytes" if kind == DATA else "a block of metadata"
        state = standing(instance, span, slot, start) if kind == DATA else "in use by the library"
    say(f"{address:#x} is {address - start} bytes into {what} at {start:#x}: {state}")
    name = instance.name()
    known_as = f" ({name})" if name else ""
    say(f"  instance {instance.address:#x}{known_as}, span {span.base:#x}")


def cached_by_class(instance):
    counts = {}
    for cache in instance.caches():
        for number, _ in cached_objects(cache):
            counts[number] = counts.get(number, 0) + 1
    return counts


def describe_heap(instance):
    rows, cached = {}, cached_by_class(instance)
    for span in instance.spans(DATA):
        row = rows.setdefault(span.number, [span.object_size, 0, 0, 0, 0, 0])
        more = 1, span.bytes, span.capacity, span.taken(), span.purged_pages
        row[1:] = [a + b for a, b in zip(row[1:], more)]
    say(f"{'size':>8} {'spans':>6} {'held':>11} {'slots':>8} {'live':>8} {'cached':>7} "
        f"{'purged pages':>13}")
    for number, (size, spans, held, slots, taken, purged) in sorted(rows.items()):
        free = cached.get(number, 0)
        live = max(taken - free, 0)
        say(f"{size:>8} {spans:>6} {kib(held):>11} {slots:>8} {live:>8} {free:>7} {purged:>13}")
    large = instance.spans(LARGE)
    if large:
        say(f"{len(large)} large objects, {kib(sum(span.bytes for span in large))}")


def describe_slab(instance, size):
    number = next((n for n in range(128) if class_size(n) >= size), None)
    spans = [span for span in instance.spans(DATA) if span.number == number]
    if number is None or not spans:
        say(f"no span for objects of {size} bytes")
        return
    say(f"objects of {class_size(number)} bytes, {len(spans)} spans")
    for span in sorted(spans, key=lambda span: span.base):
        say(f"  {span.base:#x} {kib(span.bytes):>9} {span.taken():>6} of {span.capacity} taken")


class Frusa(gdb.Command):
    """Look into instances of libfrusa: frusa instances|instance|heap|slab|span|owner."""

    def __init__(self):
        super().__init__("frusa", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Subcommand(gdb.Command):
    def __init__(self, name, run, text):
        self.__doc__ = text
        self.run = run
        super().__init__("frusa " + name, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        self.run(argument.strip())


def run_instances(_):
    for instance in instances():
        describe_instance(instance)


def address_of(expression):
    if not expression:
        raise gdb.GdbError("an address is missing")
    return int(gdb.parse_and_eval(expression)) & (2**64 - 1)


def run_span(expression):
    found = span_at(address_of(expression))
    if found is None:
        say("no instance of libfrusa has a span there")
    else:
        describe_span(*found)


def run_slab(argument):
    size, _, instance = argument.partition(" ")
    describe_slab(chosen(instance.strip()), address_of(size))


Frusa()
Subcommand("instances", run_instances, "frusa instances: the instances of the process.")
Subcommand("instance", lambda f: describe_instance(chosen(f)),
           "frusa instance [F]: what an instance holds.")
Subcommand("heap", lambda f: describe_heap(chosen(f)),
           "frusa heap [F]: an instance's size classes.")
Subcommand("slab", run_slab, "frusa slab SIZE [F]: the spans of the class for that size.")
Subcommand("span", run_span, "frusa span ADDRESS: the span around an address.")
Subcommand("owner", lambda a: describe_owner(address_of(a)),
           "frusa owner ADDRESS: whose an address is, and its state.")
