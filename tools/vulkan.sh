#!/bin/sh
# A Vulkan driver for the tests of device kernels. Where there is none and this may install packages, it installs
# Mesa's software driver; else it says what is missing.
set -u

icd() { # one of several drivers is enough
    ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null | head -n 1
}

loader() { ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'; }

if loader && [ -n "$(icd)" ]; then exit 0; fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    echo "installing Mesa's software Vulkan driver"
    packages="libvulkan1 mesa-vulkan-drivers"
    # shellcheck disable=SC2086 # two packages
    apt-get install -y -qq $packages > /dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq $packages > /dev/null; } || exit 1
fi
if loader && [ -n "$(icd)" ]; then exit 0; fi
echo "no Vulkan driver: install one (Debian: libvulkan1 mesa-vulkan-drivers)" >&2
exit 1
