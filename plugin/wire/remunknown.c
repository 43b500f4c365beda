// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/remunknown.h"

#include "wire/trailer.h"

#define IID_SIZE 16
#define REFERENCE_SIZE 24 ///< REMINTERFACEREF: IPID, public and private references
#define RESULT_SIZE 48    ///< REMQIRESULT: HRESULT, padding, STDOBJREF

static bool rem_query_request_parse(Bytes *b, RemQueryRequest *out, const char **why)
{
    if (!orpc_this_read(b, &out->orpc)) {
        *why = "no ORPC request";
        return false;
    }
    out->ipid = guid_read(b);
    out->refs = bytes_u32(b);
    uint16_t count = bytes_u16(b);
    bytes_align(b, 4);
    uint32_t max_count = bytes_u32(b);
    if (max_count != count || count > bytes_left(b) / IID_SIZE) {
        *why = "number of IIDs does not fit";
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        Guid iid = guid_read(b);
        g_array_append_val(out->iids, iid);
    }
    return stub_end_read(b, NULL, why);
}

bool rem_query_request_read(Bytes *b, RemQueryRequest *out, const char **why)
{
    *out = (RemQueryRequest){.iids = g_array_new(FALSE, FALSE, sizeof(Guid))};
    if (rem_query_request_parse(b, out, why))
        return true;
    rem_query_request_clear(out);
    return false;
}

void rem_query_request_clear(RemQueryRequest *r)
{
    if (r->iids)
        g_array_unref(r->iids);
    *r = (RemQueryRequest){0};
}

static bool rem_query_response_parse(Bytes *b, RemQueryResponse *out, const char **why)
{
    uint32_t flags;
    if (!orpc_that_read(b, &flags)) {
        *why = "no ORPC response";
        return false;
    }
    if (bytes_u32(b)) {
        uint32_t count = bytes_u32(b);
        bytes_align(b, 8);
        if (count > bytes_left(b) / RESULT_SIZE) {
            *why = "number of results does not fit";
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            RemQueryResult result = {.status = bytes_u32(b)};
            bytes_skip(b, 8); // padding, flags
            result.public_refs = bytes_u32(b);
            result.oxid = bytes_u64(b);
            result.oid = bytes_u64(b);
            result.ipid = guid_read(b);
            g_array_append_val(out->results, result);
        }
    }
    return stub_status_read(b, &out->status, why);
}

bool rem_query_response_read(Bytes *b, RemQueryResponse *out, const char **why)
{
    *out = (RemQueryResponse){.results = g_array_new(FALSE, FALSE, sizeof(RemQueryResult))};
    if (rem_query_response_parse(b, out, why))
        return true;
    rem_query_response_clear(out);
    return false;
}

void rem_query_response_clear(RemQueryResponse *r)
{
    if (r->results)
        g_array_unref(r->results);
    *r = (RemQueryResponse){0};
}

bool rem_refs_request_read(Bytes *b, GArray *ipids, const char **why)
{
    OrpcThis orpc;
    if (!orpc_this_read(b, &orpc)) {
        *why = "no ORPC request";
        return false;
    }
    uint16_t count = bytes_u16(b);
    bytes_align(b, 4);
    uint32_t max_count = bytes_u32(b);
    if (max_count != count || count > bytes_left(b) / REFERENCE_SIZE) {
        *why = "number of references does not fit";
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        Guid ipid = guid_read(b);
        bytes_skip(b, REFERENCE_SIZE - 16);
        g_array_append_val(ipids, ipid);
    }
    if (stub_end_read(b, NULL, why))
        return true;
    g_array_set_size(ipids, 0);
    return false;
}
