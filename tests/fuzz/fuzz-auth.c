// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AuthToken t;
    if (auth_token_read(data, size, &t)) {
        fuzz_text(t.spn);
        fuzz_text(t.realm);
        fuzz_text(t.user);
        fuzz_text(t.domain);
        fuzz_text(t.workstation);
        auth_token_clear(&t);
    }
    return 0;
}
