#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sets up car-wmi on Debian or Ubuntu, as root or as a user who may sudo:
#   ./setup.sh        install packages, build, install, list the remote WMI in a sample capture
#   ./setup.sh test   install packages, build, run all tests
#   ./setup.sh packages   print the names of these packages
set -eu
cd "$(dirname "$0")"

build_packages="gcc libc6-dev cmake ninja-build pkg-config tshark wireshark-dev libwireshark-dev libwiretap-dev libwsutil-dev
libglib2.0-dev libevtx-dev libbfio-dev libxml2-dev zlib1g-dev python3"
test_packages="python3-pytest python3-pytest-xdist python3-jsonschema libevtx-utils dpkg-dev file
zsh fish man-db tidy tcpreplay iproute2
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

build() {
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
    packages)
        # shellcheck disable=SC2086
        echo $build_packages $test_packages
        ;;
    *)
        sed -n '3,6s/^# //p' "$0" >&2
        exit 2
        ;;
esac
