#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/run-demo.sh [FILE-OR-DIRECTORY...]
#
# Builds the library and the demo program (examples/demo) in build/demo and runs it. Installs what the
# build needs first, where it is missing. The arguments are the demo's.

. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2086 # a list of words
install_packages $build_packages
configure_in demo --disable-static
make -s -j "$jobs"
