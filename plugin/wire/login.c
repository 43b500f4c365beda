// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/login.h"

#include "wire/trailer.h"

#define MAX_NAME SIZE_MAX ///< whatever the stub holds: a long name of a host must not hide the process id
#define MAX_PATH 8192     ///< of a namespace path: the SDK's limit of a path

#define FILETIME_SECOND 10000000
#define FILETIME_EPOCH INT64_C(11644473600) ///< seconds from 1601 to 1970

static bool request_start_read(Bytes *b, OrpcThis *orpc, const char **why)
{
    if (!orpc_this_read(b, orpc)) {
        *why = "no ORPC request";
        return false;
    }
    return true;
}

bool client_info_read(Bytes *b, ClientInfo *out, const char **why)
{
    *out = (ClientInfo){0};
    if (!request_start_read(b, &out->orpc, why))
        return false;
    out->machine = ndr_unique_wstring_read(b, MAX_NAME);
    bytes_align(b, 4);
    out->pid = bytes_u32(b);
    bytes_skip(b, 4);
    if (stub_end_read(b, NULL, why))
        return true;
    client_info_clear(out);
    return false;
}

/** What follows the process id. The method is not documented: observations do not tell whether the FILETIME is aligned
 *  to 4, as its definition says, or to 8, so the end of the stub decides. */
static bool process_start_read(Bytes *b, size_t align, uint64_t *process_start, const char **why)
{
    Bytes rest = *b;
    bytes_align(&rest, align);
    uint64_t low = bytes_u32(&rest);
    *process_start = (uint64_t) bytes_u32(&rest) << 32 | low;
    bytes_skip(&rest, 4);
    return stub_end_read(&rest, NULL, why);
}

bool client_info_ex_read(Bytes *b, ClientInfo *out, const char **why)
{
    *out = (ClientInfo){0};
    if (!request_start_read(b, &out->orpc, why))
        return false;
    out->machine = ndr_unique_wstring_read(b, MAX_NAME);
    out->fqdn = ndr_unique_wstring_read(b, MAX_NAME);
    bytes_align(b, 4);
    out->pid = bytes_u32(b);
    if (process_start_read(b, 4, &out->process_start, why) || process_start_read(b, 8, &out->process_start, why)) {
        b->pos = b->len;
        return true;
    }
    client_info_clear(out);
    return false;
}

void client_info_clear(ClientInfo *c)
{
    g_free(c->machine);
    g_free(c->fqdn);
    *c = (ClientInfo){0};
}

int64_t filetime_to_unix(uint64_t filetime, uint32_t *nsecs)
{
    *nsecs = (uint32_t) (filetime % FILETIME_SECOND) * 100;
    return (int64_t) (filetime / FILETIME_SECOND) - FILETIME_EPOCH;
}

bool establish_position_request_read(Bytes *b, OrpcThis *orpc, const char **why)
{
    if (!request_start_read(b, orpc, why))
        return false;
    g_free(ndr_unique_wstring_read(b, MAX_NAME));
    bytes_align(b, 4);
    bytes_skip(b, 4);
    return stub_end_read(b, NULL, why);
}

bool ntlm_login_request_read(Bytes *b, NtlmLoginRequest *out, const char **why)
{
    Objref context;
    *out = (NtlmLoginRequest){0};
    if (!request_start_read(b, &out->orpc, why))
        return false;
    out->resource = ndr_unique_wstring_read(b, MAX_PATH);
    out->locale = ndr_unique_wstring_read(b, MAX_PATH);
    bytes_align(b, 4);
    out->flags = bytes_u32(b);
    out->has_context = ndr_interface_pointer_read(b, &context) == 1;
    if (out->has_context)
        objref_clear(&context);
    if (stub_end_read(b, NULL, why))
        return true;
    ntlm_login_request_clear(out);
    return false;
}

void ntlm_login_request_clear(NtlmLoginRequest *r)
{
    g_free(r->resource);
    g_free(r->locale);
    *r = (NtlmLoginRequest){0};
}

bool ntlm_login_response_read(Bytes *b, NtlmLoginResponse *out, const char **why)
{
    uint32_t flags;
    *out = (NtlmLoginResponse){0};
    if (!orpc_that_read(b, &flags)) {
        *why = "no ORPC response";
        return false;
    }
    out->has_services = ndr_interface_pointer_read(b, &out->services) == 1;
    if (stub_status_read(b, &out->status, why))
        return true;
    ntlm_login_response_clear(out);
    return false;
}

void ntlm_login_response_clear(NtlmLoginResponse *r)
{
    if (r->has_services)
        objref_clear(&r->services);
    *r = (NtlmLoginResponse){0};
}
