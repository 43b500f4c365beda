// SPDX-License-Identifier: GPL-2.0-or-later
#include "token-builder.h"

GByteArray *tb_join(GByteArray *first, GByteArray *second)
{
    if (second) {
        g_byte_array_append(first, second->data, second->len);
        g_byte_array_unref(second);
    }
    return first;
}

GByteArray *tb_raw(const char *bytes, size_t n)
{
    GByteArray *a = g_byte_array_new();
    return g_byte_array_append(a, (const uint8_t *) bytes, (guint) n);
}

GByteArray *tb_der(uint8_t tag, GByteArray *contents)
{
    StubBuilder s = sb_new(true);
    sb_uint(&s, tag, 1);
    if (contents->len < 0x80) {
        sb_uint(&s, contents->len, 1);
    } else if (contents->len < 0x100) {
        sb_uint(&s, 0x81, 1);
        sb_uint(&s, contents->len, 1);
    } else {
        sb_uint(&s, 0x82, 1);
        sb_uint(&s, contents->len, 2);
    }
    return tb_join(s.bytes, contents);
}

GByteArray *tb_der_int(uint8_t context, uint8_t value)
{
    return tb_der(0xa0 | context, tb_der(0x02, tb_raw((const char *) &value, 1)));
}

GByteArray *tb_der_text(const char *text)
{
    return tb_der(0x1b, tb_raw(text, strlen(text)));
}

GByteArray *tb_filler(guint n)
{
    GByteArray *a = g_byte_array_new();
    for (guint i = 0; i < n; i++)
        g_byte_array_append(a, (const uint8_t *) "\\", 1);
    return a;
}

/** EncryptedData. Takes over `cipher`. */
static GByteArray *encrypted(GByteArray *cipher)
{
    GByteArray *a = tb_der_int(0, 18);
    a = tb_join(a, tb_der_int(1, 2));
    return tb_der(0x30, tb_join(a, tb_der(0xa2, tb_der(0x04, cipher))));
}

GByteArray *tb_encrypted(guint n)
{
    return encrypted(tb_filler(n));
}

GByteArray *tb_principal(const char *const *parts)
{
    GByteArray *names = g_byte_array_new();
    for (; *parts; parts++)
        names = tb_join(names, tb_der_text(*parts));
    return tb_der(0x30, tb_join(tb_der_int(0, 2), tb_der(0xa1, tb_der(0x30, names))));
}

GByteArray *tb_ticket(const char *realm, const char *const *parts, uint8_t number)
{
    GByteArray *cipher = tb_filler(TB_TICKET_SIZE);
    cipher->data[0] = number;
    GByteArray *a = tb_der_int(0, 5);
    a = tb_join(a, tb_der(0xa1, tb_der_text(realm)));
    a = tb_join(a, tb_der(0xa2, tb_principal(parts)));
    return tb_der(0x61, tb_der(0x30, tb_join(a, tb_der(0xa3, encrypted(cipher)))));
}

GByteArray *tb_ap_req(GByteArray *ticket)
{
    GByteArray *a = tb_join(tb_der_int(0, 5), tb_der_int(1, 14));
    a = tb_join(a, tb_der(0xa2, tb_der(0x03, tb_raw("\0\x20\0\0\0", 5))));
    a = tb_join(a, tb_der(0xa3, ticket));
    return tb_der(0x6e, tb_der(0x30, tb_join(a, tb_der(0xa4, tb_encrypted(60)))));
}

GByteArray *tb_ntlm_head(uint32_t type, guint size)
{
    StubBuilder s = {.bytes = tb_raw("NTLMSSP", 8)};
    sb_u32(&s, type);
    while (s.bytes->len < size)
        sb_uint(&s, 0, 1);
    return s.bytes;
}

GByteArray *tb_utf16le(const char *utf8)
{
    StubBuilder s = sb_new(false);
    glong n;
    g_autofree gunichar2 *text = g_utf8_to_utf16(utf8, -1, NULL, &n, NULL);
    for (glong i = 0; i < n; i++)
        sb_uint(&s, text[i], 2);
    return s.bytes;
}

GByteArray *tb_ntlm_authenticate(TbNtlm p)
{
    StubBuilder s = {.bytes = tb_ntlm_head(3, 12)};
    GByteArray *const parts[] = {p.lm, p.nt, p.domain, p.user, p.workstation, tb_filler(16)};
    g_autoptr(GByteArray) payload = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        sb_uint(&s, parts[i]->len, 2);
        sb_uint(&s, parts[i]->len, 2);
        sb_u32(&s, 88 + payload->len);
        tb_join(payload, parts[i]);
    }
    sb_u32(&s, p.flags);
    sb_uint(&s, 0x0f00000a4a63000a, 8); // version
    tb_join(s.bytes, tb_filler(16));    // MIC
    g_assert_cmpuint(s.bytes->len, ==, 88);
    g_byte_array_append(s.bytes, payload->data, payload->len);
    return s.bytes;
}

static void put_av(StubBuilder *s, uint16_t id, GByteArray *value)
{
    sb_uint(s, id, 2);
    sb_uint(s, value->len, 2);
    tb_join(s->bytes, value);
}

GByteArray *tb_ntlmv2(const char *target)
{
    StubBuilder s = {.bytes = tb_filler(16)};
    sb_uint(&s, 1, 1);
    sb_uint(&s, 1, 1);
    sb_uint(&s, 0, 6);
    sb_uint(&s, 0x01d66ba437b6b08e, 8);
    sb_uint(&s, 0x1234567812345678, 8);
    sb_u32(&s, 0);
    put_av(&s, 2, tb_utf16le("CORP"));
    put_av(&s, 1, tb_utf16le("SRV"));
    if (target)
        put_av(&s, 9, tb_utf16le(target));
    put_av(&s, 10, tb_filler(16));
    put_av(&s, 0, g_byte_array_new());
    sb_u32(&s, 0);
    return s.bytes;
}

GByteArray *tb_kdc_reply(uint8_t type, bool with_padata, const char *client, const char *realm, GByteArray *ticket)
{
    GByteArray *a = tb_join(tb_der_int(0, 5), tb_der_int(1, type));
    if (with_padata)
        a = tb_join(a, tb_der(0xa2, tb_der(0x30, tb_filler(9))));
    a = tb_join(a, tb_der(0xa3, tb_der_text(realm)));
    a = tb_join(a, tb_der(0xa4, tb_principal((const char *const[]){client, NULL})));
    a = tb_join(a, tb_der(0xa5, ticket));
    return tb_der(0x30, tb_join(a, tb_der(0xa6, tb_encrypted(200))));
}
