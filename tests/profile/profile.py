#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Reads a heap profile: profile.py --program FILE --truth FILE [--tolerance PERCENT] PROFILE

PROFILE is a gzipped profile.proto, or heap_v2 text if its name ends in .heap. Each line of the truth is
"FUNCTION LIVE-BYTES ALL-BYTES": what the stacks that run through the function have to add up to. A finding is a line on
standard output, and the exit status is 1 then.
"""

import argparse
import gzip
import math
import re
import subprocess
import sys


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def read_message(data):
    """The fields of a message: number -> list of values, numbers or bytes."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
            if len(value) != length:
                raise ValueError("a message is cut off")
        else:
            raise ValueError(f"wire type {tag & 7}")
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def one(fields, number):
    return fields.get(number, [0])[0]


class Mapping:
    def __init__(self, start, limit, offset, name, build_id):
        self.start, self.limit, self.offset, self.name, self.build_id = start, limit, offset, name, build_id


class Profile:
    """Samples: (addresses, live bytes, all bytes)."""

    def __init__(self):
        self.mappings, self.samples, self.findings = [], [], []

    def expect(self, condition, text):
        if not condition:
            self.findings.append(text)

    def mapping_of(self, address):
        return next((m for m in self.mappings if m.start <= address < m.limit), None)


def read_proto(path):
    with gzip.open(path) as file:
        fields = read_message(file.read())
    profile = Profile()
    strings = [text.decode() for text in fields[6]]
    types = [(strings[one(t, 1)], strings[one(t, 2)]) for t in map(read_message, fields[1])]
    profile.expect(strings[0] == "", "the first string is not empty")
    profile.expect(types == [("alloc_objects", "count"), ("alloc_space", "bytes"),
                             ("inuse_objects", "count"), ("inuse_space", "bytes")], f"sample types {types}")
    profile.expect(strings[one(fields, 14)] == "inuse_space", "the default sample type")
    profile.expect(one(fields, 12) > 0 and one(fields, 9) > 10**18, "no period or no time")
    for mapping in map(read_message, fields[3]):
        profile.expect(one(mapping, 1) == len(profile.mappings) + 1, "mapping ids are not in order")
        profile.mappings.append(Mapping(one(mapping, 2), one(mapping, 3), one(mapping, 4),
                                        strings[one(mapping, 5)], strings[one(mapping, 6)]))
    locations = {}
    for location in map(read_message, fields[4]):
        address, mapping = one(location, 3), one(location, 2)
        found = profile.mapping_of(address)
        profile.expect((profile.mappings.index(found) + 1 if found else 0) == mapping, f"mapping of {address:x}")
        profile.expect(one(location, 1) not in locations, "a location id is there twice")
        locations[one(location, 1)] = address
    for sample in map(read_message, fields[2]):
        values = sample[2]
        profile.expect(len(values) == 4, f"{len(values)} values")
        profile.expect(values[0] >= values[2] and values[1] >= values[3], f"more is live than was allocated: {values}")
        profile.samples.append(([locations[number] for number in sample.get(1, [])], values[3], values[1]))
    return profile


def unsampled(objects, size, rate):
    """What jeprof makes of the sums of a stack."""
    return size / (1 - math.exp(-(size / objects) / rate)) if objects else 0


def read_text(path):
    with open(path, encoding="ascii") as file:
        head, _, maps = file.read().partition("\nMAPPED_LIBRARIES:\n")
    profile = Profile()
    lines = head.splitlines()
    rate = int(re.fullmatch(r"heap_v2/(\d+)", lines[0]).group(1))
    sums = re.compile(r"  t\*: (\d+): (\d+) \[(\d+): (\d+)\]")
    total = [int(n) for n in sums.fullmatch(lines[1]).groups()]
    added = [0] * 4
    for stack, line in zip(lines[2::2], lines[3::2]):
        numbers = [int(n) for n in sums.fullmatch(line).groups()]
        added = [a + n for a, n in zip(added, numbers)]
        addresses = [int(word, 16) - 1 for word in stack.removeprefix("@").split()]
        profile.samples.append((addresses, unsampled(*numbers[:2], rate), unsampled(*numbers[2:], rate)))
    profile.expect(added == total, f"the sums {total} are {added}")
    for line in maps.splitlines():
        match = re.match(r"([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \S+ +(\S.*)", line)
        if match:
            start, limit, offset = (int(match.group(i), 16) for i in (1, 2, 3))
            profile.mappings.append(Mapping(start, limit, offset, match.group(4), None))
    return profile


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_build_ids(profile):
    for mapping in profile.mappings:
        if mapping.build_id is None or not mapping.name.startswith("/"):
            continue
        match = re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-n", mapping.name))
        expected = match.group(1) if match else ""
        profile.expect(mapping.build_id == expected, f"build id of {mapping.name}: {mapping.build_id}, not {expected}")


def functions_of(program):
    """(start, end, name) of the program's functions, by file offset."""
    shifts = [(int(offset, 16), int(address, 16), int(size, 16)) for offset, address, size in
              re.findall(r"LOAD +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+)", run("readelf", "-lW", program))]
    for address, size, name in re.findall(r"^(\w+) (\w+) [tT] (\w+)$", run("nm", "-S", program), re.MULTILINE):
        address, size = int(address, 16), int(size, 16)
        for offset, start, length in shifts:
            if start <= address < start + length:
                yield address - start + offset, address - start + offset + size, name


def check_shares(profile, program, truth, tolerance):
    functions = list(functions_of(program))

    def names(addresses):
        for address in addresses:
            mapping = profile.mapping_of(address)
            if mapping and mapping.name == program:
                place = address - mapping.start + mapping.offset
                yield from (name for start, end, name in functions if start <= place < end)

    stacks = [(set(names(addresses)), live, total) for addresses, live, total in profile.samples]
    for line in truth:
        function, live, total = line.split()
        found = [sum(stack[i] for stack in stacks if function in stack[0]) for i in (1, 2)]
        for what, expected, counted in zip(("live", "all"), (int(live), int(total)), found):
            profile.expect(abs(counted - expected) <= expected * tolerance / 100,
                           f"{function}: {counted:.0f} bytes {what} instead of {expected}")
        print(f"{function}: {found[0]:.0f} of {live} live, {found[1]:.0f} of {total} in all")
    profile.expect(all("main" in stack[0] for stack in stacks), "a stack does not go back to main")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("--tolerance", type=float, default=5)
    parser.add_argument("profile")
    options = parser.parse_args()
    profile = (read_text if options.profile.endswith(".heap") else read_proto)(options.profile)
    check_build_ids(profile)
    with open(options.truth, encoding="ascii") as truth:
        check_shares(profile, options.program, truth, options.tolerance)
    for finding in profile.findings:
        print(f"FAIL: {finding}")
    sys.exit(1 if profile.findings else 0)


if __name__ == "__main__":
    main()
