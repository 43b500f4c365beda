// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/orpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OrpcThis orpc;
    uint32_t flags;
    char *text = NULL;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    switch (data[0] & 7) {
    case 0: fuzz_require(orpc_this_read(&b, &orpc) == !b.failed); break;
    case 1: fuzz_require(orpc_that_read(&b, &flags) == !b.failed); break;
    case 2: text = ndr_unique_wstring_read(&b, 1000); break;
    case 3: text = ndr_wstring_read(&b, 1000); break;
    case 4: text = ndr_bstr_read(&b, 1000); break;
    default: text = utf16_to_utf8(b.data, b.len / 2, b.big_endian);
    }
    fuzz_require(b.pos <= b.len);
    fuzz_text(text);
    g_free(text);
    return 0;
}
