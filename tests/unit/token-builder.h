// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds DER, Kerberos messages and NTLMSSP. Each function takes over the arrays that it is given. Written from the
 * specifications, not from the decoders.
 */
#ifndef TOKEN_BUILDER_H
#define TOKEN_BUILDER_H

#include "stub-builder.h"

/** `first` with the second behind it, which may be NULL. */
GByteArray *tb_join(GByteArray *first, GByteArray *second);
GByteArray *tb_raw(const char *bytes, size_t n);
/** Bytes that mean nothing. */
GByteArray *tb_filler(guint n);
GByteArray *tb_utf16le(const char *utf8);

GByteArray *tb_der(uint8_t tag, GByteArray *contents);
GByteArray *tb_der_int(uint8_t context, uint8_t value);
GByteArray *tb_der_text(const char *text);

#define TB_TICKET_SIZE 300 ///< bytes of its encrypted part

/** EncryptedData of `n` bytes */
GByteArray *tb_encrypted(guint n);
/** `parts` up to NULL: "RPCSS", "srv" */
GByteArray *tb_principal(const char *const *parts);
/** `number`: in the encrypted part, by which tickets differ. */
GByteArray *tb_ticket(const char *realm, const char *const *parts, uint8_t number);
GByteArray *tb_ap_req(GByteArray *ticket);
/** AS-REP (11) or TGS-REP (13) without its application tag. */
GByteArray *tb_kdc_reply(uint8_t type, bool with_padata, const char *client, const char *realm, GByteArray *ticket);

typedef struct {
    GByteArray *lm, *nt, *domain, *user, *workstation;
    uint32_t flags;
} TbNtlm;

GByteArray *tb_ntlm_authenticate(TbNtlm p);
/** NTLMv2 response that names its target; NULL: none. */
GByteArray *tb_ntlmv2(const char *target);
/** The start of an NTLM message, filled with zeroes up to `size`. */
GByteArray *tb_ntlm_head(uint32_t type, guint size);

#endif
