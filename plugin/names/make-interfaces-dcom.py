#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes interfaces-dcom.c from a table of interfaces: make-interfaces-dcom.py TABLE > interfaces-dcom.c

TABLE has a line an interface, with tabs between: specification, name, UUID, kind, base, methods in order with commas between
them. It is read out of the IDL in Microsoft's open specifications. Only objects are taken: of kind "object", and of kind "rpc"
with a base, where the IDL left out that they are; an interface that interfaces.c names is left to it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOTS = {
    "IUnknown": ["QueryInterface", "AddRef", "Release"],
    "IDispatch": ["QueryInterface", "AddRef", "Release", "GetTypeInfoCount", "GetTypeInfo", "GetIDsOfNames", "Invoke"],
}


def main(table: str) -> None:
    """Prints the C file."""
    known = set(re.findall(r'"(\w+)", FAMILY_', (Path(__file__).parent / "interfaces.c").read_text()))
    rows = {}
    for line in Path(table).read_text().splitlines():
        specification, name, uuid, kind, base, methods = (line.split("\t") + [""] * 6)[:6]
        if kind == "object" or base:
            rows[name] = (specification, uuid, base, [m for m in methods.split(",") if m])

    def whole(name: str, depth: int = 0) -> tuple[list[str], str] | None:
        """All methods from opnum 0 on, and the root; None when a base is not known."""
        if name in ROOTS:
            return ROOTS[name], name
        if name not in rows or depth > 10:
            return None
        base = whole(rows[name][2] or "IUnknown", depth + 1)
        return (base[0] + rows[name][3], base[1]) if base else None

    made = [(rows[name][1], name, whole(name)) for name in rows if name not in known]
    made.sort()
    specifications = sorted({rows[name][0] for _, name, _ in made})
    print("// SPDX-License-Identifier: GPL-2.0-or-later")
    print("// Made by make-interfaces-dcom.py from the IDL of Microsoft's open specifications:")
    for at in range(0, len(specifications), 12):
        print("//   " + ", ".join(specifications[at : at + 12]))
    print('#include "names/interfaces-dcom.h"\n\n// clang-format off\nconst DcomInterface dcom_interfaces[] = {')
    for uuid, name, methods in made:
        parts = uuid.split("-")
        tail = parts[3] + parts[4]
        data4 = ", ".join(f"0x{tail[i:i + 2]}" for i in range(0, 16, 2))
        family = "FAMILY_AUTOMATION" if methods and methods[1] == "IDispatch" else "FAMILY_OBJECT"
        names = " ".join(methods[0][len(ROOTS[methods[1]]) :]) if methods else ""
        first = len(ROOTS[methods[1]]) if methods else 0
        print(f'    {{{{{{0x{parts[0]}, 0x{parts[1]}, 0x{parts[2]}, {{{data4}}}}}, "{name}", {family}}}, {first},\n     "{names}"}},')
    print("};\n// clang-format on\n\nconst size_t dcom_interfaces_n = sizeof(dcom_interfaces) / sizeof(dcom_interfaces[0]);")


main(sys.argv[1])
