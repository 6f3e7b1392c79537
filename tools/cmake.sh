#!/bin/sh
# Finds a cmake of at least 3.26, which the bundled HDF5 needs.
#   cmake.sh path     prints the cmake to use
#   cmake.sh ensure   installs one from the Python package index into .tools/ when the system's is too old
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
own="$root/.tools/cmake/data/bin/cmake"

recent() {
    version=$("$1" --version 2>/dev/null | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    [ -n "$version" ] || return 1
    # shellcheck disable=SC2086
    set -- $version
    [ "$1" -gt 3 ] || { [ "$1" -eq 3 ] && [ "$2" -ge 26 ]; }
}

if recent cmake; then
    found=$(command -v cmake)
else
    found=$own
fi

case "${1:-path}" in
path) echo "$found" ;;
ensure)
    recent "$found" && exit 0
    echo "cmake 3.26 or newer not found; installing one into .tools/ from the Python package index"
    "${PYTHON:-python3}" -m pip install --quiet --disable-pip-version-check --target "$root/.tools" 'cmake>=3.26' \
        || { echo "could not install cmake; please install cmake 3.26 or newer" >&2; exit 1; }
    recent "$own" || { echo "the installed cmake does not run: $own" >&2; exit 1; }
    ;;
*) echo "usage: cmake.sh path|ensure" >&2; exit 2 ;;
esac
