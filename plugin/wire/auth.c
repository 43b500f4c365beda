// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/auth.h"

#include "wire/orpc.h"

#define MAX_NAME_PARTS 8 ///< of a Kerberos principal; "service/host/domain" has three

/* DER */

enum {
    DER_INTEGER = 0x02,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_GENERAL_STRING = 0x1b,
    DER_SEQUENCE = 0x30,
    DER_APPLICATION = 0x60, ///< constructed, number below
    DER_CONTEXT = 0xa0,     ///< the same
};

/** Enters the next element: a cursor over its contents. Tags of one byte and definite lengths only. */
static Bytes der_any(Bytes *b, uint8_t *tag)
{
    *tag = bytes_u8(b);
    size_t length = bytes_u8(b);
    if (length & 0x80) {
        size_t size = length & 0x7f;
        // Four bytes say more than a PDU can hold; none is the indefinite form.
        if (size == 0 || size > 4)
            b->failed = true;
        length = 0;
        for (size_t i = 0; i < size && !b->failed; i++)
            length = length << 8 | bytes_u8(b);
    }
    return bytes_sub(b, length);
}

/** The same for an element that has to be `tag`: the cursor is failed when it is not. */
static Bytes der_enter(Bytes *b, uint8_t tag)
{
    uint8_t found;
    Bytes contents = der_any(b, &found);
    if (found != tag)
        b->failed = contents.failed = true;
    return contents;
}

/** Whether the next element is `tag`. */
static bool der_next_is(const Bytes *b, uint8_t tag)
{
    return bytes_left(b) && b->data[b->pos] == tag;
}

/** A small INTEGER behind a context tag. */
static bool der_context_integer_is(Bytes *b, uint8_t context, uint8_t value)
{
    Bytes tagged = der_enter(b, DER_CONTEXT | context);
    Bytes integer = der_enter(&tagged, DER_INTEGER);
    return integer.len == 1 && bytes_u8(&integer) == value;
}

/* Kerberos (RFC 4120) */

/** Application tags and message types; the last two are of draft-swift-win2k-krb-user2user-03. */
enum {
    KRB_TICKET = 1,
    KRB_AS_REP = 11,
    KRB_TGS_REP = 13,
    KRB_AP_REQ = 14,
    KRB_AP_REP = 15,
    KRB_ERROR = 30,
    KRB_TGT_REQ = 16,
    KRB_TGT_REP = 17
};

static char *utf8_from(const Bytes *contents)
{
    return g_utf8_make_valid((const char *) contents->data, (gssize) contents->len);
}

/** PrincipalName: the parts of the name, joined by slashes. */
static char *principal_read(Bytes *b)
{
    Bytes name = der_enter(b, DER_SEQUENCE);
    der_enter(&name, DER_CONTEXT | 0); // name-type
    Bytes tagged = der_enter(&name, DER_CONTEXT | 1);
    Bytes parts = der_enter(&tagged, DER_SEQUENCE);
    GString *text = g_string_new(NULL);
    bool ok = !parts.failed;
    for (size_t i = 0; ok && bytes_left(&parts); i++) {
        Bytes part = der_enter(&parts, DER_GENERAL_STRING);
        ok = !part.failed && i < MAX_NAME_PARTS;
        if (!ok)
            break;
        char *valid = utf8_from(&part);
        if (i)
            g_string_append_c(text, '/');
        g_string_append(text, valid);
        g_free(valid);
    }
    ok = ok && text->len;
    return g_string_free(text, !ok);
}

typedef struct {
    char *spn, *realm;
    const uint8_t *cipher;
    size_t cipher_len;
} Ticket;

/** Ticket: realm and sname stand in clear, the client's name does not. What was read is the caller's, also on failure.
 */
static bool ticket_read(Bytes *b, Ticket *out)
{
    Bytes application = der_enter(b, DER_APPLICATION | KRB_TICKET);
    Bytes ticket = der_enter(&application, DER_SEQUENCE);
    if (!der_context_integer_is(&ticket, 0, 5))
        return false;
    Bytes tagged = der_enter(&ticket, DER_CONTEXT | 1);
    Bytes realm = der_enter(&tagged, DER_GENERAL_STRING);
    tagged = der_enter(&ticket, DER_CONTEXT | 2);
    if (realm.failed || realm.len == 0 || tagged.failed)
        return false;
    out->spn = principal_read(&tagged);
    out->realm = utf8_from(&realm);
    tagged = der_enter(&ticket, DER_CONTEXT | 3); // enc-part
    Bytes encrypted = der_enter(&tagged, DER_SEQUENCE);
    der_enter(&encrypted, DER_CONTEXT | 0); // etype
    if (der_next_is(&encrypted, DER_CONTEXT | 1))
        der_enter(&encrypted, DER_CONTEXT | 1); // kvno
    tagged = der_enter(&encrypted, DER_CONTEXT | 2);
    Bytes cipher = der_enter(&tagged, DER_OCTET_STRING);
    out->cipher = cipher.data;
    out->cipher_len = cipher.len;
    return out->spn && !cipher.failed && !ticket.failed;
}

/** The SEQUENCE of a message that has to be of the given type. */
static bool krb_fields_read(Bytes *b, uint8_t type, AuthToken *out)
{
    Bytes message = der_enter(b, DER_SEQUENCE);
    if (!der_context_integer_is(&message, 0, 5) || !der_context_integer_is(&message, 1, type))
        return false;
    out->mechanism = AUTH_TOKEN_KERBEROS;
    if (type != KRB_AP_REQ)
        return true;
    der_enter(&message, DER_CONTEXT | 2); // ap-options
    Bytes tagged = der_enter(&message, DER_CONTEXT | 3);
    Ticket ticket = {0};
    bool ok = !tagged.failed && ticket_read(&tagged, &ticket);
    out->spn = ticket.spn;
    out->realm = ticket.realm;
    out->ticket = ticket.cipher;
    out->ticket_len = ticket.cipher_len;
    if (!ok)
        return false;
    der_enter(&message, DER_CONTEXT | 4); // authenticator
    return !message.failed;
}

static bool krb_message_read(Bytes *b, uint8_t type, AuthToken *out)
{
    Bytes application = der_enter(b, DER_APPLICATION | type);
    return krb_fields_read(&application, type, out);
}

/* NTLMSSP (MS-NLMP 2.2) */

enum { NTLM_NEGOTIATE = 1, NTLM_CHALLENGE = 2, NTLM_AUTHENTICATE = 3 };

#define NTLM_SIGNATURE "NTLMSSP" ///< with its NUL
#define NTLM_NEGOTIATE_SIZE 16   ///< up to its flags: what every client sends
#define NTLM_CHALLENGE_SIZE 32   ///< up to the challenge
#define NTLM_FLAG_UNICODE 0x1
#define NTLMV2_RESPONSE_SIZE 16
#define NTLMV2_FIXED_SIZE 28 ///< NTLMv2_CLIENT_CHALLENGE before its AV pairs
#define AV_EOL 0
#define AV_TARGET_NAME 9

/** Length, allocated length and offset from the message's start. */
static Bytes ntlm_field(Bytes *b)
{
    uint16_t length = bytes_u16(b);
    bytes_skip(b, 2);
    uint32_t offset = bytes_u32(b);
    Bytes field = bytes_init(b->data, b->len, false);
    // Some clients leave a stray offset in an empty field.
    if (length)
        bytes_skip(&field, offset);
    field = bytes_sub(&field, length);
    if (field.failed)
        b->failed = true;
    return field;
}

/** NULL when empty. The code page of OEM text is unknown: what is not ASCII becomes U+FFFD. */
static char *ntlm_text(Bytes *field, bool unicode)
{
    char *text;
    if (unicode) {
        text = utf16_to_utf8(field->data, field->len / 2, false);
    } else {
        GString *oem = g_string_new(NULL);
        for (uint8_t c; (c = bytes_u8(field));)
            g_string_append_unichar(oem, c < 0x80 ? c : 0xfffd);
        text = g_string_free(oem, FALSE);
    }
    if (*text)
        return text;
    g_free(text);
    return NULL;
}

/** The name that the client says it wants (MS-NLMP 2.2.2.1, 2.2.2.7). NULL when the response is no NTLMv2 response or
 * does not tell. */
static char *ntlmv2_target(Bytes *response)
{
    bytes_skip(response, NTLMV2_RESPONSE_SIZE);
    uint16_t versions = bytes_u16(response);
    bytes_skip(response, NTLMV2_FIXED_SIZE - 2);
    if (versions != 0x0101)
        return NULL;
    while (bytes_left(response)) {
        uint16_t id = bytes_u16(response);
        uint16_t length = bytes_u16(response);
        Bytes value = bytes_sub(response, length);
        if (id == AV_EOL || value.failed)
            return NULL;
        if (id == AV_TARGET_NAME)
            return ntlm_text(&value, true);
    }
    return NULL;
}

static bool ntlm_authenticate_read(Bytes *b, AuthToken *out)
{
    Bytes lm = ntlm_field(b);
    Bytes nt = ntlm_field(b);
    Bytes domain = ntlm_field(b);
    Bytes user = ntlm_field(b);
    Bytes workstation = ntlm_field(b);
    (void) ntlm_field(b); // EncryptedRandomSessionKey
    bool unicode = bytes_u32(b) & NTLM_FLAG_UNICODE;
    if (b->failed || (unicode && (domain.len | user.len | workstation.len) & 1))
        return false;
    out->domain = ntlm_text(&domain, unicode);
    out->user = ntlm_text(&user, unicode);
    out->workstation = ntlm_text(&workstation, unicode);
    out->spn = ntlmv2_target(&nt);
    // MS-NLMP 3.2.5.1.2
    out->anonymous = user.len == 0 && nt.len == 0 && lm.len <= 1;
    return true;
}

static bool ntlm_read(Bytes *b, AuthToken *out)
{
    bytes_skip(b, sizeof NTLM_SIGNATURE);
    uint32_t type = bytes_u32(b);
    out->mechanism = AUTH_TOKEN_NTLM;
    out->ntlm_type = (uint8_t) type;
    switch (type) {
    case NTLM_NEGOTIATE: return b->len >= NTLM_NEGOTIATE_SIZE;
    case NTLM_CHALLENGE: return b->len >= NTLM_CHALLENGE_SIZE;
    case NTLM_AUTHENTICATE: return ntlm_authenticate_read(b, out);
    default: return false;
    }
}

/* GSS-API framing (RFC 2743 3.1) and SPNEGO (RFC 4178 4.2) */

typedef enum { MECH_OTHER, MECH_SPNEGO, MECH_KERBEROS, MECH_NTLM } Mech;

static Mech mech_read(Bytes *b)
{
    static const struct {
        const char *oid;
        uint8_t len;
        Mech mech;
    } mechs[] = {
        {"\x2b\x06\x01\x05\x05\x02", 6, MECH_SPNEGO},                    // 1.3.6.1.5.5.2
        {"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 9, MECH_KERBEROS},      // 1.2.840.113554.1.2.2
        {"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03", 10, MECH_KERBEROS}, // 1.2.840.113554.1.2.2.3, user to user
        {"\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 9, MECH_KERBEROS},      // 1.2.840.48018.1.2.2, as Windows wrote it
        {"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 10, MECH_NTLM},     // 1.3.6.1.4.1.311.2.2.10
    };
    Bytes oid = der_enter(b, DER_OID);
    for (size_t i = 0; i < G_N_ELEMENTS(mechs) && !oid.failed; i++) {
        if (oid.len == mechs[i].len && memcmp(oid.data, mechs[i].oid, oid.len) == 0)
            return mechs[i].mech;
    }
    return MECH_OTHER;
}

/** Kerberos token behind the framing (RFC 4121 4.1). Message signatures have other token ids than these. */
static bool krb_token_read(Bytes *b, AuthToken *out)
{
    b->big_endian = true;
    switch (bytes_u16(b)) {
    case 0x0100: return krb_message_read(b, KRB_AP_REQ, out);
    case 0x0200: return krb_message_read(b, KRB_AP_REP, out);
    case 0x0300: return krb_message_read(b, KRB_ERROR, out);
    case 0x0400: return krb_fields_read(b, KRB_TGT_REQ, out);
    case 0x0401: return krb_fields_read(b, KRB_TGT_REP, out);
    default: return false;
    }
}

/** A token of the mechanism itself: NTLMSSP, framed Kerberos, or Kerberos without framing (DCE style). */
static bool mech_token_read(Bytes *b, AuthToken *out)
{
    if (bytes_left(b) >= sizeof NTLM_SIGNATURE && memcmp(b->data, NTLM_SIGNATURE, sizeof NTLM_SIGNATURE) == 0)
        return ntlm_read(b, out);
    static const uint8_t raw_types[] = {KRB_AP_REQ, KRB_AP_REP, KRB_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(raw_types); i++) {
        if (der_next_is(b, DER_APPLICATION | raw_types[i]))
            return krb_message_read(b, raw_types[i], out);
    }
    Bytes framed = der_enter(b, DER_APPLICATION | 0);
    return mech_read(&framed) == MECH_KERBEROS && krb_token_read(&framed, out);
}

/** NegTokenInit (behind the GSS-API framing) or NegTokenResp. */
static bool neg_token_read(Bytes *b, AuthToken *out)
{
    uint8_t choice;
    Bytes tagged = der_any(b, &choice);
    if (choice != (DER_CONTEXT | 0) && choice != (DER_CONTEXT | 1))
        return false;
    Bytes fields = der_enter(&tagged, DER_SEQUENCE);
    Mech mech = MECH_OTHER;  // the only or preferred one
    bool mech_agreed = true; // no other is on offer
    Bytes token = {0};
    while (bytes_left(&fields)) {
        uint8_t tag;
        Bytes field = der_any(&fields, &tag);
        if (tag == (DER_CONTEXT | 0) && choice == (DER_CONTEXT | 0)) {
            Bytes mechs = der_enter(&field, DER_SEQUENCE);
            mech = mech_read(&mechs);
            mech_agreed = !bytes_left(&mechs);
            field.failed |= mechs.failed;
        } else if (tag == (DER_CONTEXT | 1) && choice == (DER_CONTEXT | 1)) {
            mech = mech_read(&field);
        } else if (tag == (DER_CONTEXT | 2)) {
            token = der_enter(&field, DER_OCTET_STRING);
        }
        fields.failed |= field.failed;
    }
    if (fields.failed)
        return false;
    if (token.len) {
        if (mech_token_read(&token, out))
            return true;
        auth_token_clear(out);
        // A mechanism that is not known here may write what it likes; for the others the token is malformed.
        return mech != MECH_KERBEROS && mech != MECH_NTLM;
    }
    if (mech == MECH_KERBEROS && mech_agreed)
        out->mechanism = AUTH_TOKEN_KERBEROS;
    if (mech == MECH_NTLM && mech_agreed)
        out->mechanism = AUTH_TOKEN_NTLM;
    return true;
}

static bool any_token_read(Bytes *b, AuthToken *out)
{
    if (der_next_is(b, DER_CONTEXT | 1))
        return neg_token_read(b, out);
    Bytes ahead = *b;
    Bytes framed = der_enter(&ahead, DER_APPLICATION | 0);
    if (mech_read(&framed) == MECH_SPNEGO)
        return neg_token_read(&framed, out);
    return mech_token_read(b, out);
}

bool auth_token_read(const uint8_t *data, size_t len, AuthToken *out)
{
    *out = (AuthToken){0};
    Bytes b = bytes_init(data, len, false);
    if (any_token_read(&b, out))
        return true;
    auth_token_clear(out);
    return false;
}

void auth_token_clear(AuthToken *t)
{
    g_free(t->spn);
    g_free(t->realm);
    g_free(t->user);
    g_free(t->domain);
    g_free(t->workstation);
    *t = (AuthToken){0};
}

bool kdc_reply_read(const uint8_t *data, size_t len, KdcReply *out)
{
    *out = (KdcReply){0};
    Bytes b = bytes_init(data, len, true);
    Bytes reply = der_enter(&b, DER_SEQUENCE);
    if (!der_context_integer_is(&reply, 0, 5))
        return false;
    Bytes type = reply;
    if (!der_context_integer_is(&reply, 1, KRB_TGS_REP)) {
        if (!der_context_integer_is(&type, 1, KRB_AS_REP))
            return false;
        reply = type;
    }
    if (der_next_is(&reply, DER_CONTEXT | 2))
        der_enter(&reply, DER_CONTEXT | 2); // padata
    Bytes tagged = der_enter(&reply, DER_CONTEXT | 3);
    Bytes realm = der_enter(&tagged, DER_GENERAL_STRING);
    Bytes name = der_enter(&reply, DER_CONTEXT | 4);
    Bytes ticket_bytes = der_enter(&reply, DER_CONTEXT | 5);
    if (realm.failed || realm.len == 0 || ticket_bytes.failed)
        return false;
    Ticket ticket = {0};
    bool ok = ticket_read(&ticket_bytes, &ticket);
    out->client = principal_read(&name);
    out->client_realm = utf8_from(&realm);
    out->spn = ticket.spn;
    out->realm = ticket.realm;
    out->ticket = ticket.cipher;
    out->ticket_len = ticket.cipher_len;
    if (ok && out->client)
        return true;
    kdc_reply_clear(out);
    return false;
}

void kdc_reply_clear(KdcReply *r)
{
    g_free(r->client);
    g_free(r->client_realm);
    g_free(r->spn);
    g_free(r->realm);
    *r = (KdcReply){0};
}
