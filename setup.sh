#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sets up car-wmi on Debian or Ubuntu, as root or as a user who may sudo:
#   ./setup.sh        install packages, build, install, list the remote WMI in a sample capture
#   ./setup.sh test   install packages, build, run all tests
#   ./setup.sh uninstall   remove what the first installed
#   ./setup.sh packages   install the packages that the build needs, no more
set -eu
cd "$(dirname "$0")"

build_packages="gcc libc6-dev cmake ninja-build pkg-config tshark wireshark-dev libwireshark-dev libwiretap-dev libwsutil-dev
libglib2.0-dev libevtx-dev libbfio-dev libxml2-dev libgcrypt20-dev zlib1g-dev python3
dpkg-dev file" # the last two: for cpack -G DEB
test_packages="python3-pytest python3-pytest-xdist python3-jsonschema libevtx-utils jq
zsh fish man-db tidy tcpreplay iproute2 strace
wireshark xvfb dbus at-spi2-core libglib2.0-bin xdotool python3-pyatspi python3-pil"

say() {
    printf '\n==> %s\n' "$*"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    missing=
    for package in "$@"; do
        case "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" in
            installed) ;;
            *) missing="$missing $package" ;;
        esac
    done
    if [ -z "$missing" ]; then
        return
    fi
    say "Installing Debian packages:$missing"
    as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of names
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

# The build folder belongs to whom the checkout belongs to, or to the user who works in it, whoever wrote to it before:
# "sudo ./setup.sh" and "./setup.sh test" may follow each other.
own_build() {
    if [ "$(id -u)" -eq 0 ]; then owner=$(stat -c %u:%g .); else owner=$(id -u):$(id -g); fi
    if [ -e build ] && [ -n "$(find build ! -user "${owner%:*}" -print -quit)" ]; then
        as_root chown -R "$owner" build
    fi
}

build() {
    own_build
    trap own_build EXIT
    say "Building in $PWD/build"
    cmake -S . -B build -G Ninja -D CMAKE_INSTALL_PREFIX=/usr/local
    cmake --build build
}

case "${1-install}" in
    install)
        # shellcheck disable=SC2086
        install_packages $build_packages
        build
        say "Installing car-wmi in /usr/local/bin and the plugin in Wireshark's plugin folder"
        as_root cmake --install build
        sample=build/sample.pcapng
        say "Listing the remote WMI in a sample capture: car-wmi list $sample"
        tests/gen/make-sample "$sample"
        car-wmi list "$sample"
        ;;
    test)
        # shellcheck disable=SC2086
        install_packages $build_packages $test_packages
        build
        say "Running all tests: ctest"
        ctest --test-dir build --output-on-failure
        ;;
    uninstall)
        if [ ! -e build/install_manifest.txt ]; then
            echo "Nothing was installed from here (there is no build/install_manifest.txt)" >&2
            exit 1
        fi
        say "Removing $(grep -c "" build/install_manifest.txt) files"
        tr '\n' '\0' <build/install_manifest.txt | as_root xargs -0 rm -f --
        as_root rm -f build/install_manifest.txt
        ;;
    packages)
        # shellcheck disable=SC2086
        install_packages $build_packages
        ;;
    *)
        sed -n '3,7s/^# //p' "$0" >&2
        exit 2
        ;;
esac
