#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/matrix/fresh.py does on a machine that has nothing: fresh.sh USER COMMAND…
# Each command is run by the user in a checkout below their home, which nobody else may enter; the real captures, when
# they are at hand, lie beside it. Results go to /out.
set -eu
user=$1
shift
if [ "$user" != root ]; then
    apt-get update -q || apt-get -o Acquire::Check-Valid-Until=false update -q
    apt-get install -q -y --no-install-recommends sudo
    useradd -m -s /bin/sh "$user"
    echo "127.0.1.1 $(hostname)" >>/etc/hosts # sudo asks for it
    echo "$user ALL=(ALL) NOPASSWD: ALL" >"/etc/sudoers.d/$user"
fi
home=$(getent passwd "$user" | cut -d: -f6)
cp -r /src "$home/car-wmi"
[ ! -d /shared ] || cp -r /shared "$home/shared"
chown -R "$user:" "$home"
chmod 700 "$home"
rm -rf /out/records
mkdir -m 777 /out/records
for command; do
    echo "$user: $command"
    (cd "$home/car-wmi" && CAR_WMI_RECORDS=/out/records su "$user" -c "$command")
    # What sudo did there may not keep the user from going on.
    if [ -n "$(find "$home/car-wmi" ! -user "$user" -print -quit)" ]; then
        echo "these are not $user's:"
        find "$home/car-wmi" ! -user "$user"
        exit 1
    fi
done
cat /out/records/*.jsonl | LC_ALL=C sort >/out/records.jsonl

rm -f /out/*.deb /out/*.tar.gz
cp "$home"/car-wmi/build/*.deb "$home"/car-wmi/build/*.tar.gz /out
# A second copy elsewhere, with other times: the bits of the packages may not tell. Once is enough.
if [ "$user" = root ]; then
    cp -r /src /elsewhere
    cmake -S /elsewhere -B /elsewhere/build -G Ninja -D BUILD_TESTING=OFF
    cmake --build /elsewhere/build
    (cd /elsewhere/build && cpack -G DEB && cpack -G TGZ)
    for package in /elsewhere/build/*.deb /elsewhere/build/*.tar.gz; do
        cmp "$package" "/out/${package##*/}"
    done
fi
readelf -hlWd "$home/car-wmi/build/cli/car-wmi" >/tmp/elf
grep -q 'Type:.*DYN' /tmp/elf
grep -q GNU_RELRO /tmp/elf
grep -q BIND_NOW /tmp/elf
