// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Pdu p;
    bool first = pdu_is_first(data, size);
    for (size_t len = 1; first && len < PDU_HEADER_SIZE; len++)
        fuzz_require(pdu_may_be_first(data, len));
    if (!pdu_read(data, size, &p))
        return 0;
    fuzz_require(!first || p.type == PDU_BIND);
    fuzz_require(p.n_contexts <= PDU_MAX_CONTEXTS && p.n_results <= PDU_MAX_CONTEXTS);
    fuzz_range(p.stub, p.stub_len);
    fuzz_range(p.auth_value, p.auth_value_len);
    return 0;
}
