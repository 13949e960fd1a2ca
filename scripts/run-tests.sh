#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: sh scripts/run-tests.sh [CONFIGURE-OPTION...]
#
# Builds the library in build/tests and runs its test suite, "make check". Installs what that needs
# first, where it is missing.

. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2086 # a list of words
install_packages $build_packages abigail-tools bash-completion check g++ groff mandoc python3
configure_in tests --enable-tests "$@"
make -s -j "$jobs"
say "running the tests"
make -s -k -j "$jobs" check
