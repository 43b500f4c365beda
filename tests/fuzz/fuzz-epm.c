// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/epm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    EpmTower towers[EPM_MAX_TOWERS];
    unsigned n = 0;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    bool ndr64 = data[0] & 2;
    if (data[0] & 1)
        (void) epm_map_request_read(&b, ndr64, towers);
    else if (epm_map_response_read(&b, ndr64, towers, &n))
        fuzz_require(!b.failed);
    fuzz_require(n <= EPM_MAX_TOWERS);
    for (unsigned i = 0; i < n; i++)
        fuzz_require(towers[i].port != 0);
    return 0;
}
