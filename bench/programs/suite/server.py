# SPDX-License-Identifier: MIT OR Apache-2.0
"""Drives a redis-server that listens on a socket in the scratch directory, and ends it."""

import os
import subprocess
import time

REQUESTS = ("set", "get", "lpush", "lpop", "sadd", "hset", "zadd", "mset")


def _client(socket, *words, timeout=10):
    return subprocess.run(["redis-cli", "-s", socket, *words], capture_output=True, text=True,
                          timeout=timeout, check=False)


def wait_until_up(socket):
    for _ in range(400):
        if os.path.exists(socket) and _client(socket, "ping").stdout.strip() == "PONG":
            return True
        time.sleep(0.05)
    return False


def drive(scratch):
    """The client's time; {} if the server did not come up."""
    socket = os.path.join(scratch, "redis.sock")
    if not wait_until_up(socket):
        return {}
    start = time.monotonic()
    try:
        subprocess.run(["redis-benchmark", "-s", socket, "-q", "-n", "60000", "-P", "16",
                        "-c", "16", "-d", "100", "-r", "50000", "-t", ",".join(REQUESTS)],
                       capture_output=True, timeout=200, check=True)
        took = (time.monotonic() - start) * 1e3
    finally:
        _client(socket, "shutdown", "nosave")
    return {"wall_ms": took}
