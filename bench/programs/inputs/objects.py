# SPDX-License-Identifier: MIT OR Apache-2.0
"""Allocates much, with PYTHONMALLOC=malloc: objects, text, sorting, regular expressions, JSON."""

import collections
import json
import re
import sys

COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 60000


class Node:
    def __init__(self, key, payload):
        self.key, self.payload, self.left, self.right = key, payload, None, None


def insert(root, key, payload):
    while True:
        side = "left" if key < root.key else "right"
        child = getattr(root, side)
        if child is None:
            setattr(root, side, Node(key, payload))
            return
        root = child


def numbers(n, seed=12345):
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        yield seed


def main():
    root = Node(1 << 30, "root")
    for number in numbers(COUNT):
        insert(root, number, [str(number), (number % 7, number % 11)])
    words = [f"word{n % 5000:05d}-{n % 97}" for n in numbers(3 * COUNT, 99)]
    counts = collections.Counter(words)
    index = collections.defaultdict(set)
    for position, word in enumerate(words):
        index[word[4:7]].add(position)
    rows = [{"id": i, "name": w, "tags": w.split("-"), "n": i * 0.5}
            for i, w in enumerate(words[:COUNT])]
    text = json.dumps(rows)
    again = json.loads(text)
    assert again == rows
    found = re.findall(r"word(\d+)-(\d)\b", " ".join(words))
    joined = sorted(("".join(reversed(w)) for w in words), key=lambda w: (w[-3:], w))
    del rows, again
    chunks = [bytearray(n % 3000) for n in numbers(COUNT // 2, 7)]
    chunks = [bytes(c) * 2 for c in chunks if len(c) % 3]
    print(len(text), len(found), counts.most_common(2), len(index), joined[0])
    print(sum(map(len, chunks)))


main()
