#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/matrix/run does with the packages in a root that has nothing: as a new user would.
set -eux
deb=$(echo /out/*.deb)
version=$(dpkg-deb -f "$deb" Version)
useradd -m ana
as_ana() { su - ana -c "LC_ALL=C.UTF-8 $1"; }

# An older release of the same, for the upgrade.
dpkg-deb -R "$deb" /tmp/older
sed -i 's/^Version: .*/Version: 0.0.1-1/' /tmp/older/DEBIAN/control
echo left over >/tmp/older/usr/share/doc/car-wmi/of-the-older-release
dpkg-deb -b /tmp/older /tmp/older.deb

apt-get update -q || apt-get -o Acquire::Check-Valid-Until=false update -q
apt-get install -q -y --no-install-recommends /tmp/older.deb python3
apt-get install -q -y --no-install-recommends "$deb"
[ "$(dpkg-query -W -f '${Version}' car-wmi)" = "$version" ]
[ ! -e /usr/share/doc/car-wmi/of-the-older-release ]
dpkg --verify car-wmi

# Installed, it works: for root, too.
cp -r /src/tests/gen /tmp/gen
PYTHONDONTWRITEBYTECODE=1 /tmp/gen/make-sample /tmp/sample.pcapng
chmod 644 /tmp/sample.pcapng
for run in as_ana eval; do
    $run "car-wmi doctor" >/tmp/doctor || { cat /tmp/doctor; exit 1; }
    grep "✓ Wireshark profile CAR-WMI: " /tmp/doctor
    grep "Wireshark itself is not installed.*apt install wireshark" /tmp/doctor
    $run "car-wmi --version" | tee /tmp/version
    [ "$(grep -c "^car-wmi ${version%-*}\$\|^plugin ${version%-*}\$\|^tshark [0-9]" /tmp/version)" = 3 ]
    $run "car-wmi list /tmp/sample.pcapng" | grep "process 7240"
    $run "tshark -C CAR-WMI -r /tmp/sample.pcapng" | grep "WS05 pid 7240 (said by the client) logs in to"
    $run "car-wmi doctor --install-profile"
done
as_ana "car-wmi doctor" | grep "you may not capture live traffic .* dpkg-reconfigure wireshark-common, .* ana, then log in"
[ -e ~ana/.config/wireshark/profiles/CAR-WMI/colorfilters ]
rm -r ~ana/.config/wireshark ~/.config/wireshark
for page in man1/car-wmi.1 man5/car-wmi-record.5 man5/car-wmi-events.5 man7/car-wmi-filter.7; do
    [ -e "/usr/share/man/$page.gz" ]
done

# A plugin of another Wireshark is explained.
plugins=$(tshark -G folders | sed -n 's/^Global Plugins:[[:space:]]*//p')
mv "$plugins" "${plugins%/*}/3.9"
status=0
as_ana "car-wmi doctor" >/tmp/doctor || status=$?
cat /tmp/doctor
[ "$status" = 2 ]
grep "is for Wireshark 3.9, this is " /tmp/doctor
mkdir -p "$plugins/epan"
echo 'not a plugin' >"$plugins/epan/car.so"
status=0
as_ana "car-wmi doctor" >/tmp/doctor || status=$?
cat /tmp/doctor
[ "$status" = 2 ]
grep "tshark could not load the plugin; it says: .*car.so" /tmp/doctor
grep -- "install the plugin built for Wireshark" /tmp/doctor
rm -r "$plugins"
mv "${plugins%/*}/3.9" "$plugins"

# The archive in a user's own folder.
apt-get remove -q -y car-wmi
[ -z "$(find / -xdev -iname '*car-wmi*' ! -path '/src/*' ! -path '/out/*' ! -path '/tmp/*' ! -path '/var/lib/dpkg/*' ! -path '/var/cache/apt/*' ! -path '/var/log/*')" ]
[ ! -e "$plugins/epan/car.so" ]
as_ana "mkdir -p ~/.local && tar -C ~/.local --strip-components=1 -xzf $(echo /out/*.tar.gz)"
as_ana "PATH=\$HOME/.local/bin:\$PATH car-wmi doctor --install-profile"
[ -e ~ana/.config/wireshark/profiles/CAR-WMI/colorfilters ]
as_ana "PATH=\$HOME/.local/bin:\$PATH car-wmi list /tmp/sample.pcapng" | grep "process 7240"
