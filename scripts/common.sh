# SPDX-License-Identifier: MIT OR Apache-2.0
# shellcheck shell=sh disable=SC2034
# What the scripts share: the build's own packages, a configured build directory.

set -eu
top=$(cd "$(dirname "$0")/.." && pwd) # of the script that reads this
jobs=$(nproc 2> /dev/null || echo 2)

# What building the library takes, as Debian packages.
build_packages="autoconf autoconf-archive automake gcc libatomic-ops-dev libc6-dev libtool make pkg-config"

say() {
    printf '==> %s\n' "$*"
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# install_packages NAME...: installs those Debian packages that are missing.
install_packages() {
    if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
        say "not a Debian system: going on with what is installed (wanted: $*)"
        return
    fi
    missing=
    for package; do
        # shellcheck disable=SC2016 # the braces are dpkg-query's
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
        [ "$status" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo > /dev/null; then
        as_root=sudo
    else
        die "these packages are missing, and without root or sudo they cannot be installed:$missing"
    fi
    say "installing:$missing"
    # shellcheck disable=SC2086 # lists of words; an empty $as_root is no word
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update < /dev/null
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
        --no-install-recommends install $missing < /dev/null > /dev/null
}

# configure_in NAME [OPTION...]: sets $build to a configured build directory, build/NAME. A source
# directory that is configured itself allows no other, so then it is used, with its own options first.
configure_in() {
    build=$top/build/$1
    shift
    cd "$top"
    autoreconf -i > /dev/null 2>&1 || autoreconf -fi # what went wrong is worth reading
    if [ -e "$top/config.status" ]; then
        build=$top
        eval "set -- $("$top/config.status" --config) \"\$@\""
    fi
    mkdir -p "$build"
    cd "$build"
    say "configuring in $build"
    "$top/configure" --quiet "$@"
}
