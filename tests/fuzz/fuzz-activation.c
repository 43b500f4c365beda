// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/activation.h"

static void check_response(ActivationResponse *r)
{
    for (guint i = 0; i < r->bindings->len; i++)
        fuzz_text(((const DcomBinding *) g_ptr_array_index(r->bindings, i))->host);
    fuzz_range((const uint8_t *) r->interfaces->data, r->interfaces->len * sizeof(ActivatedInterface));
    activation_response_clear(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ActivationRequest request;
    ActivationResponse response;
    uint64_t oxid;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    ActivationKind kind = data[0] & 1 ? ACTIVATION_REMOTE : ACTIVATION_SCM;
    switch (data[0] >> 1 & 3) {
    case 0:
        if (activation_request_read(&b, kind, &request)) {
            fuzz_text(request.server_name);
            fuzz_range((const uint8_t *) request.iids->data, request.iids->len * sizeof(Guid));
            activation_request_clear(&request);
        }
        break;
    case 1:
        if (activation_response_read(&b, kind, &response))
            check_response(&response);
        break;
    case 2:
        if (oxid_response_read(&b, data[0] & 1 ? 4 : 0, &response))
            check_response(&response);
        break;
    default: (void) oxid_request_read(&b, &oxid);
    }
    return 0;
}
