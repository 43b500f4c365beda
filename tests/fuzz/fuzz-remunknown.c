// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/remunknown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    if (data[0] & 2) {
        g_autoptr(GArray) ipids = g_array_new(FALSE, FALSE, sizeof(Guid));
        if (rem_refs_request_read(&b, ipids, &why))
            fuzz_range((const uint8_t *) ipids->data, ipids->len * sizeof(Guid));
    } else if (data[0] & 1) {
        RemQueryRequest request;
        if (rem_query_request_read(&b, &request, &why)) {
            fuzz_range((const uint8_t *) request.iids->data, request.iids->len * sizeof(Guid));
            rem_query_request_clear(&request);
        }
    } else {
        RemQueryResponse response;
        if (rem_query_response_read(&b, &response, &why)) {
            fuzz_range((const uint8_t *) response.results->data, response.results->len * sizeof(RemQueryResult));
            rem_query_response_clear(&response);
        }
    }
    fuzz_require(why || (!b.failed && b.pos == b.len));
    return 0;
}
