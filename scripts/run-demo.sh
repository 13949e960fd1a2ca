#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/run-demo.sh [OPTION-OR-FILE...]
#
# Builds the library and the demo program (examples/demo) in build/demo and runs it; the arguments are the
# demo's (--help tells them). Installs what the build needs first, where it is missing. The plot goes to
# build/demo/frusa-demo.svg.

. "$(dirname "$0")/common.sh"

origin=$(pwd)
# shellcheck disable=SC2086 # a list of words
install_packages $build_packages
configure_in demo --disable-static
make -s -j "$jobs" -C lib
make -s -j "$jobs" -C examples demo/frusa-demo

cd "$origin"
say "running the demo"
exec "$build/examples/demo/frusa-demo" --svg "$build/frusa-demo.svg" "$@"
