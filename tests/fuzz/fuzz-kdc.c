// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    KdcReply r;
    if (kdc_reply_read(data, size, &r)) {
        fuzz_require(r.client && r.client_realm && r.spn && r.realm);
        fuzz_text(r.client);
        fuzz_text(r.client_realm);
        fuzz_text(r.spn);
        fuzz_text(r.realm);
        fuzz_range(r.ticket, r.ticket_len);
        kdc_reply_clear(&r);
    }
    return 0;
}
