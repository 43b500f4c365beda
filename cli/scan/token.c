// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/token.h"

#include "wire/auth.h"
#include "wire/pdu.h"

#include <string.h>

#define AUTH_TRAILER_SIZE 8 ///< bytes of a verifier besides its token
#define AUTHENTICATOR 0xa4  ///< the tag of an AP-REQ's, behind the ticket (RFC 4120 5.5.1)
#define MAX_REPLY 65536

/** Takes over a ticket's head when `seen` bytes of what was read show it. */
static bool take_ticket(const uint8_t *from, size_t seen, const uint8_t *ticket, size_t ticket_len,
                        uint8_t head[SCAN_TICKET_HEAD])
{
    if (!ticket || ticket_len < SCAN_TICKET_HEAD || (size_t) (ticket - from) + SCAN_TICKET_HEAD > seen)
        return false;
    memcpy(head, ticket, SCAN_TICKET_HEAD);
    return true;
}

/** Reads a token of `len` bytes, of which `seen` are there. The others are taken for empty authenticators, which is all that a reader
 * asks for behind a ticket; `odd`: they begin in the middle of one. */
static bool read_start(const uint8_t *data, size_t seen, size_t len, bool odd, uint8_t *bytes, AuthToken *token)
{
    memcpy(bytes, data, seen);
    for (size_t i = seen; i < len; i++)
        bytes[i] = (i - seen) % 2 == odd ? AUTHENTICATOR : 0;
    return auth_token_read(bytes, len, token);
}

ScanTokenKind scan_token_read(const uint8_t *pdu, size_t len, uint8_t head[SCAN_TICKET_HEAD])
{
    memset(head, 0, SCAN_TICKET_HEAD);
    Bytes b = bytes_init(pdu, len, (pdu[4] & 0xf0) == 0);
    bytes_skip(&b, 8);
    size_t frag_len = bytes_u16(&b), auth_len = bytes_u16(&b);
    if (auth_len == 0 || PDU_HEADER_SIZE + AUTH_TRAILER_SIZE + auth_len > frag_len)
        return SCAN_TOKEN_UNSEEN;
    size_t at = frag_len - auth_len, seen = at < len ? MIN(auth_len, len - at) : 0;
    if (seen == 0)
        return SCAN_TOKEN_UNSEEN;
    g_autofree uint8_t *bytes = g_malloc(auth_len);
    AuthToken token;
    bool read = read_start(pdu + at, seen, auth_len, false, bytes, &token);
    if (!read && seen < auth_len)
        read = read_start(pdu + at, seen, auth_len, true, bytes, &token);
    if (!read)
        return seen < auth_len ? SCAN_TOKEN_UNSEEN : SCAN_TOKEN_OTHER;
    // What stands before a ticket that can be seen can be seen, too.
    bool ticket = take_ticket(bytes, seen, token.ticket, token.ticket_len, head);
    bool unseen = !ticket && (seen < auth_len || token.ticket);
    bool rpcss = token.spn && g_ascii_strncasecmp(token.spn, "RPCSS/", 6) == 0;
    auth_token_clear(&token);
    return unseen ? SCAN_TOKEN_UNSEEN : rpcss ? SCAN_TOKEN_RPCSS : ticket ? SCAN_TOKEN_TICKET : SCAN_TOKEN_OTHER;
}

bool scan_token_kdc_reply(const uint8_t *data, size_t len, uint8_t head[SCAN_TICKET_HEAD])
{
    memset(head, 0, SCAN_TICKET_HEAD);
    // [APPLICATION n], then its length
    if (len < 4 || (data[0] != 0x6b && data[0] != 0x6d) || data[1] < 0x81 || data[1] > 0x83)
        return false;
    size_t size_bytes = data[1] & 0x7fu, size = 0;
    if (2 + size_bytes > len)
        return false;
    for (size_t i = 0; i < size_bytes; i++)
        size = size << 8 | data[2 + i];
    size_t at = 2 + size_bytes, seen = MIN(size, len - at);
    if (size > MAX_REPLY)
        return false;
    g_autofree uint8_t *bytes = g_malloc0(size + 1);
    memcpy(bytes, data + at, seen);
    KdcReply reply;
    if (!kdc_reply_read(bytes, size, &reply))
        return false;
    bool there = take_ticket(bytes, seen, reply.ticket, reply.ticket_len, head);
    kdc_reply_clear(&reply);
    return there;
}
