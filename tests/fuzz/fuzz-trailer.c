// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/trailer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    StubTrailer trailer;
    uint32_t status;
    const char *why = NULL;
    bool good;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    switch (data[0] & 3) {
    case 0:
        bytes_skip(&b, data[0] >> 2 & 7);
        good = stub_end_read(&b, &trailer, &why);
        break;
    case 1: good = stub_status_read(&b, &status, &why); break;
    default: good = stub_last_status_read(&b, &status, &why);
    }
    fuzz_require(good == !why);
    fuzz_require(!good || (!b.failed && b.pos == b.len));
    return 0;
}
