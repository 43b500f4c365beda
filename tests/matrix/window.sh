#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/matrix/run does with the package where Wireshark is: a new user installs it and opens Wireshark.
set -eux
useradd -m ana
as_ana() { su - ana -c "LC_ALL=C.UTF-8 $1"; }
apt-get update -q || apt-get -o Acquire::Check-Valid-Until=false update -q
apt-get install -q -y --no-install-recommends "$(echo /out/*.deb)"
PYTHONDONTWRITEBYTECODE=1 /src/tests/gen/make-sample /tmp/sample.pcapng
chmod 644 /tmp/sample.pcapng
as_ana "car-wmi doctor" >/tmp/doctor || { cat /tmp/doctor; exit 1; }
grep "✓ Wireshark profile CAR-WMI: " /tmp/doctor
if grep "Wireshark itself is not installed" /tmp/doctor; then exit 1; fi

mkdir -p -m 700 /tmp/runtime /tmp/ana
chown ana /tmp/runtime /tmp/ana
# A screen that begins anew when the last window is closed (no -noreset) takes AT-SPI with it.
status=0
as_ana "XDG_RUNTIME_DIR=/tmp/runtime QT_LINUX_ACCESSIBILITY_ALWAYS_ON=1 PYTHONDONTWRITEBYTECODE=1 \
    xvfb-run -a -s '-screen 0 1600x1000x24 -noreset' \
    dbus-run-session -- /usr/bin/python3 -W ignore /src/tests/matrix/window.py /tmp/sample.pcapng /tmp/ana" || status=$?
cp /tmp/ana/window.png /out || :
cat /tmp/ana/wireshark.log
exit "$status"
