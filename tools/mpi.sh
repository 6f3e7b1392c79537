#!/bin/sh
# What the feature `mpi` needs: an MPI with its compiler wrapper, and libclang, which reads its headers. Where they are
# missing and this may install packages, it installs Debian's; else it says what is missing.
set -u

libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] && return 0
    ldconfig -p 2>/dev/null | grep -q libclang && return 0
    ls /usr/lib/llvm-*/lib/libclang*.so* > /dev/null 2>&1
}

ready() { command -v mpicc > /dev/null && command -v mpirun > /dev/null && libclang; }

if ready; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    echo "installing Open MPI and libclang"
    packages="libopenmpi-dev openmpi-bin libclang-dev"
    # shellcheck disable=SC2086 # three packages
    apt-get install -y -qq $packages > /dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq $packages > /dev/null; } || exit 1
fi
if ready; then exit 0; fi
echo "no MPI or no libclang: install them (Debian: libopenmpi-dev openmpi-bin libclang-dev)" >&2
exit 1
