# SPDX-License-Identifier: MIT OR Apache-2.0
"""frusactl against a process whose answers make no sense: it fails or prints what it can, and never crashes.

usage: hostile.py FRUSACTL RUNTIME-DIRECTORY
"""

import os
import socket
import subprocess
import sys
import threading

HUGE = b"18446744073709551615"
ANSWERS = [
    b"",
    b"\n",
    b"{}\n",
    b"[]\n",
    b"{" * 5000 + b"\n",
    b'"\\\n',
    b'\xff\xfe{"ok"\x00}\n',
    b'{"ok": true}\n',
    b'{"ok": false}\n',
    b'{"ok": false, "error": 5}\n',
    b'{"ok": true, "stats": {"classes": [1, {"object_size": ' + HUGE + b'0, "held": 1}, []]}}\n',
    b'{"ok": true, "spans": [[1], [], "x", {}, [' + HUGE + b", " + HUGE + b", 0, 0, 0, 0, 0]]}\n",
    b'{"ok": true, "spans": [[4096, 0, 0, 0, 0, 0, 0], [8192, 4096, 16, 256, 300, 99999, 0]]}\n',
    b'{"ok": true, "spans": [[4096, 9999999, 16, 256, 3, 0, 0], [8192, 4096, 16, 256, 3, 0, 0]]}\n',
]


def serve(listener, current):
    """Answers every request with current[0]; a text without a newline ends the connection."""
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                while connection.recv(1000) and current[0].endswith(b"\n"):
                    connection.sendall(current[0])
                connection.sendall(current[0])
            except OSError:
                pass


def main():
    program, runtime = sys.argv[1:]
    directory = os.path.join(runtime, "frusa")
    os.makedirs(directory, mode=0o700, exist_ok=True)
    pid = str(os.getpid())
    path = os.path.join(directory, f"{pid}-x")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    current = [b""]
    threading.Thread(target=serve, args=(listener, current), daemon=True).start()
    commands = [["list"], ["stats", pid], ["map", pid, "-o", os.path.join(runtime, "map.svg")],
                ["top", pid], ["record", pid, "-n", "1"], ["reclaim", pid]]
    failures = 0
    for answer in ANSWERS:
        current[0] = answer
        for command in commands:
            done = subprocess.run([program, *command], env={**os.environ, "XDG_RUNTIME_DIR": runtime},
                                  capture_output=True, timeout=60, check=False)
            if done.returncode not in (0, 1):
                print(f"{command[0]} on {answer[:60]!r}: status {done.returncode}: {done.stderr!r}")
                failures += 1
    os.unlink(path)
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
