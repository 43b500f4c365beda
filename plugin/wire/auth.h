// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Who authenticates to what: the security tokens in DCE/RPC auth verifiers: SPNEGO (RFC 4178, MS-SPNG), Kerberos AP-REQ
 * (RFC 4120, RFC 4121), NTLMSSP (MS-NLMP 2.2).
 */
#ifndef CAR_WIRE_AUTH_H
#define CAR_WIRE_AUTH_H

#include "wire/bytes.h"

#include <glib.h>

typedef enum { AUTH_TOKEN_UNKNOWN, AUTH_TOKEN_KERBEROS, AUTH_TOKEN_NTLM } AuthMechanism;

/** All strings are UTF-8 owned by the struct, NULL when the token does not tell. */
typedef struct {
    AuthMechanism mechanism;
    uint8_t ntlm_type;     ///< 1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE; 0 when not NTLM
    char *spn;             ///< "RPCSS/host" from the ticket's sname, or NTLMv2's MsvAvTargetName
    char *realm;           ///< Kerberos: realm of the ticket
    const uint8_t *ticket; ///< Kerberos: its encrypted part, inside the caller's bytes; NULL: none
    size_t ticket_len;
    char *user; ///< NTLM AUTHENTICATE
    char *domain;
    char *workstation;
    bool anonymous; ///< NTLM AUTHENTICATE without a user and with an empty or one-byte response
} AuthToken;

/** `data` is the credentials part of an auth verifier (or any place where a GSS-API, SPNEGO, raw Kerberos or raw
 * NTLMSSP token starts). False when it is none of them (e.g. a message signature); then nothing to clear. */
bool auth_token_read(const uint8_t *data, size_t len, AuthToken *out);
void auth_token_clear(AuthToken *t);

/** What a key distribution centre's reply (AS-REP, TGS-REP) tells in clear: for whom a ticket is, and to what. */
typedef struct {
    char *client; ///< cname
    char *client_realm;
    char *spn;
    char *realm;
    const uint8_t *ticket; ///< its encrypted part, inside the caller's bytes
    size_t ticket_len;
} KdcReply;

/** `data` starts with the KDC-REP sequence, behind its [APPLICATION 11] or [APPLICATION 13] (RFC 4120 5.4.2). */
bool kdc_reply_read(const uint8_t *data, size_t len, KdcReply *out);
void kdc_reply_clear(KdcReply *r);

#endif
