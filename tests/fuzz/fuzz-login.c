// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"
#include "wire/login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ClientInfo info;
    NtlmLoginRequest request;
    NtlmLoginResponse response;
    OrpcThis orpc;
    const char *why = NULL;
    bool good = false;
    if (!size)
        return 0;
    Bytes b = fuzz_cursor(data, size);
    switch (data[0] & 7) {
    case 0:
    case 1:
        good = (data[0] & 1 ? client_info_ex_read : client_info_read)(&b, &info, &why);
        if (good) {
            fuzz_text(info.machine);
            fuzz_text(info.fqdn);
            client_info_clear(&info);
        }
        break;
    case 2: good = establish_position_request_read(&b, &orpc, &why); break;
    case 4:
        good = ntlm_login_request_read(&b, &request, &why);
        if (good) {
            fuzz_text(request.resource);
            fuzz_text(request.locale);
            ntlm_login_request_clear(&request);
        }
        break;
    default:
        good = ntlm_login_response_read(&b, &response, &why);
        if (good)
            ntlm_login_response_clear(&response);
    }
    fuzz_require(good || why);
    fuzz_require(!good || (!b.failed && b.pos == b.len));
    return 0;
}
