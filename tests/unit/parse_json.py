# SPDX-License-Identifier: MIT OR Apache-2.0
"""Parses the JSON text in the file named and prints one line "PATH VALUE" for each scalar in it.

The members of objects and the elements of arrays make up the path: size_classes.0.object_size 16.
Anything that is not JSON, that repeats a member, or that is not an unsigned number makes it fail.
"""

import json
import sys


def unique(pairs):
    """Makes an object of its members, which must differ."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def flatten(path, value):
    """Prints the scalars below value."""
    if isinstance(value, dict):
        for name, member in value.items():
            flatten(path + [name], member)
    elif isinstance(value, list):
        for index, element in enumerate(value):
            flatten(path + [str(index)], element)
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        print(".".join(path), value)
    elif not isinstance(value, str):
        raise ValueError(f"{'.'.join(path)}: {value!r} is neither text nor an unsigned number")


def main():
    """Reads strictly: no NaN, no trailing text, plain UTF-8."""
    with open(sys.argv[1], encoding="utf-8", errors="strict") as stream:
        text = stream.read()
    parsed = json.loads(text, object_pairs_hook=unique)
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    flatten([], parsed)


main()
