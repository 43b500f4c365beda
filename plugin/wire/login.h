// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Logging in to WMI: IWbemLoginClientID::SetClientInfo, IWbemLoginClientIDEx::SetClientInfoEx,
 * IWbemLevel1Login::EstablishPosition and NTLMLogin (MS-WMI 3.1.4.1, 3.1.4.2; the Ex form is not documented there).
 *
 * `b` covers a whole stub. Each function returns false unless the structure accounts for each byte of it (see
 * decode-trailer.h), then with nothing to clear and a static reason in `*why`. Strings are UTF-8, owned by the struct.
 */
#ifndef CAR_WIRE_LOGIN_H
#define CAR_WIRE_LOGIN_H

#include "wire/objref.h"
#include "wire/orpc.h"

/** What the client says about itself. Nobody checks it. */
typedef struct {
    OrpcThis orpc;
    char *machine; ///< NetBIOS name, NULL when not given
    char *fqdn;    ///< SetClientInfoEx
    uint32_t pid;
    uint64_t process_start; ///< SetClientInfoEx: FILETIME, 100 ns since 1601-01-01 UTC; else 0
} ClientInfo;

bool client_info_read(Bytes *b, ClientInfo *out, const char **why);
bool client_info_ex_read(Bytes *b, ClientInfo *out, const char **why);
void client_info_clear(ClientInfo *c);

/** Unix time of a FILETIME; `*nsecs` is never negative. */
int64_t filetime_to_unix(uint64_t filetime, uint32_t *nsecs);

bool establish_position_request_read(Bytes *b, OrpcThis *orpc, const char **why);

typedef struct {
    OrpcThis orpc;
    char *resource; ///< the namespace as the client wrote it, e.g. "\\HOST\root\cimv2"
    char *locale;   ///< list of preferred locales, NULL when not given
    uint32_t flags;
    bool has_context; ///< an IWbemContext was passed
} NtlmLoginRequest;

bool ntlm_login_request_read(Bytes *b, NtlmLoginRequest *out, const char **why);
void ntlm_login_request_clear(NtlmLoginRequest *r);

typedef struct {
    uint32_t status;   ///< HRESULT
    bool has_services; ///< false when the login failed
    Objref services;   ///< the IWbemServices of the namespace: IPID, OXID, IID
} NtlmLoginResponse;

bool ntlm_login_response_read(Bytes *b, NtlmLoginResponse *out, const char **why);
void ntlm_login_response_clear(NtlmLoginResponse *r);

#endif
