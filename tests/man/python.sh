#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
# usage: python.sh TEST.py: runs a test that is written in Python.

command -v python3 > /dev/null || {
    echo "SKIP: python3 is not installed"
    exit 77
}
PYTHONDONTWRITEBYTECODE=1 exec python3 "$@"
