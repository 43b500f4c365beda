#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/matrix/run does where the build packages are: build, test, make the packages twice. Results go to /out.
set -eux
tshark --version | head -1

# A second copy elsewhere, with other times: the bits of the packages may not tell.
mkdir -p /elsewhere
cp -r /src /elsewhere/copy
package() {
    cmake -S "$1" -B "$2" -G Ninja -D CMAKE_INSTALL_PREFIX=/usr -D BUILD_TESTING="$3"
    cmake --build "$2" -j "$JOBS"
    (cd "$2" && cpack -G DEB && cpack -G TGZ)
    (cd "$2" && sha256sum ./*.deb ./*.tar.gz) >"$2/sums"
}
package /src /build ON
package /elsewhere/copy /elsewhere/build OFF
diff /build/sums /elsewhere/build/sums
rm -f /out/*.deb /out/*.tar.gz
cp /build/*.deb /build/*.tar.gz /out
readelf -hlWd /build/cli/car-wmi >/tmp/elf
grep -q 'Type:.*DYN' /tmp/elf
grep -q GNU_RELRO /tmp/elf
grep -q BIND_NOW /tmp/elf

rm -rf /out/records && mkdir /out/records
[ -d /shared ] && export CAR_WMI_SHARED=/shared
if [ -n "$ONLY" ]; then export PYTEST_ADDOPTS="-k '$ONLY'"; fi
CAR_WMI_RECORDS=/out/records PYTEST_XDIST_AUTO_NUM_WORKERS=$JOBS ctest --test-dir /build ${ONLY:+-E gui} --output-on-failure
cat /out/records/*.jsonl | LC_ALL=C sort >/out/records.jsonl
