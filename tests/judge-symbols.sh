#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# judge-symbols.sh LIBRARY: asserts that the judge needs nothing of Wireshark's dissection: each symbol that its library does not
# define itself is one of libc, libm, GLib or libwsutil.
set -eu
library=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
nm -g "$library" | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u >"$folder/needed"
nm -g --defined-only "$library" | awk 'NF == 3 { print $3 }' | sort -u >"$folder/defined"
for name in libc.so.6 libm.so.6 libglib-2.0.so.0 libwsutil.so; do
    ldconfig -p | awk -v name="$name" '$1 == name || index($1, name ".") == 1 { print $NF }'
done | sort -u | xargs nm -D --defined-only | awk 'NF == 3 { sub(/@.*/, "", $3); print $3 }' | sort -u >"$folder/allowed"
sort -u "$folder/defined" "$folder/allowed" | comm -23 "$folder/needed" - |
    grep -vE '^(_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__(asan|ubsan|sanitizer|sancov|start|stop)_.*)$' >"$folder/strange" || true
if [ -s "$folder/strange" ]; then
    echo "The judge needs symbols of other libraries:"
    cat "$folder/strange"
    exit 1
fi
echo "$(wc -l <"$folder/needed") symbols, all of libc, libm, GLib, libwsutil or the judge's own"
