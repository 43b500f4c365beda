// SPDX-License-Identifier: GPL-2.0-or-later
#include "activation-builder.h"

#define PTR 0x00020000 ///< any referent that is not null
#define E_ACCESSDENIED 0x80070005

Guid ab_dcom_guid(uint32_t data1)
{
    return (Guid){.data1 = data1, .data4 = {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
}

static void put_dcom_guid(StubBuilder *s, uint32_t data1)
{
    Guid g = ab_dcom_guid(data1);
    sb_guid(s, &g);
}

static void put_bytes(StubBuilder *s, const StubBuilder *other)
{
    g_byte_array_append(s->bytes, other->bytes->data, other->bytes->len);
}

/** A string without its referent. */
static void put_wstring(StubBuilder *s, const char *ascii)
{
    uint32_t n = (uint32_t) strlen(ascii) + 1;
    sb_u32(s, n);
    sb_u32(s, 0);
    sb_u32(s, n);
    for (uint32_t i = 0; i < n; i++)
        sb_uint(s, (uint8_t) ascii[i], 2);
    sb_align(s, 4);
}

/** DUALSTRINGARRAY with its conformance. */
static void put_bindings(StubBuilder *s, const char *const *addresses)
{
    g_auto(StubBuilder) words = sb_new(s->big_endian);
    for (; *addresses; addresses++) {
        sb_uint(&words, 7, 2);
        for (const char *c = *addresses; *c; c++)
            sb_uint(&words, (uint8_t) *c, 2);
        sb_uint(&words, 0, 2);
    }
    sb_uint(&words, 0, 2);
    uint32_t security = words.bytes->len / 2;
    sb_uint(&words, 9, 2);
    sb_uint(&words, 0xffff, 2);
    sb_uint(&words, 0, 2);
    sb_uint(&words, 0, 2);
    sb_u32(s, words.bytes->len / 2);
    sb_uint(s, words.bytes->len / 2, 2);
    sb_uint(s, security, 2);
    put_bytes(s, &words);
    sb_align(s, 4);
}

static void put_serialized(StubBuilder *s, const StubBuilder *object, AbFlaw flaw)
{
    sb_uint(s, flaw == AB_VERSION ? 2 : 1, 1);
    sb_uint(s, flaw == AB_BIG_ENDIAN ? 0 : 0x10, 1);
    sb_uint(s, 8, 2);
    sb_u32(s, 0xcccccccc);
    sb_u32(s, object->bytes->len);
    sb_u32(s, 0);
    put_bytes(s, object);
}

StubBuilder ab_blob(AbProperty *properties, uint32_t n, AbFlaw flaw)
{
    g_auto(StubBuilder) body = sb_new(false);
    g_auto(StubBuilder) header = sb_new(false);
    g_auto(StubBuilder) sizes = sb_new(false);
    for (uint32_t i = 0; i < n; i++) {
        guint start = body.bytes->len;
        sb_align(&properties[i].object, 8); // as they have to be
        put_serialized(&body, &properties[i].object, i == 1 ? flaw : AB_GOOD);
        sb_u32(&sizes, body.bytes->len - start);
        sb_clear(&properties[i].object);
    }
    uint32_t count = flaw == AB_ELEVEN ? 11 : n;
    uint32_t header_size = 16 + 48 + 4 + 16 * count + 4 + 4 * count;
    header_size = (header_size + 7) & ~7U;
    sb_u32(&header, header_size + body.bytes->len);
    sb_u32(&header, header_size);
    sb_u32(&header, 0);
    sb_u32(&header, 2);
    sb_u32(&header, count);
    put_dcom_guid(&header, 0);
    sb_u32(&header, PTR);
    sb_u32(&header, PTR);
    sb_u32(&header, 0);
    sb_u32(&header, count + (flaw == AB_COUNT));
    for (uint32_t i = 0; i < count; i++)
        put_dcom_guid(&header, i < n ? properties[i].clsid : 0x1a5);
    sb_u32(&header, count);
    put_bytes(&header, &sizes);
    for (uint32_t i = n; i < count; i++)
        sb_u32(&header, 16);
    sb_align(&header, 8);
    g_assert_cmpuint(header.bytes->len + 16, ==, header_size);
    if (flaw == AB_HEADER_SIZE) { // the properties are within what is the header's
        put_bytes(&header, &body);
        g_byte_array_set_size(body.bytes, 0);
    }

    StubBuilder s = sb_new(false);
    sb_u32(&s, 16 + header.bytes->len + body.bytes->len);
    sb_u32(&s, 0);
    put_serialized(&s, &header, AB_GOOD);
    put_bytes(&s, &body);
    return s;
}

/** Request (0x1a2, 0x338) or response (0x1a3, 0x339). */
GByteArray *ab_blob_objref(const StubBuilder *blob, bool response)
{
    Guid iid = ab_dcom_guid(response ? 0x1a3 : 0x1a2), clsid = ab_dcom_guid(response ? 0x339 : 0x338);
    return sb_objref_custom(&iid, &clsid, blob->bytes);
}

StubBuilder ab_other_info(void)
{
    StubBuilder s = sb_new(false);
    for (uint32_t i = 0; i < 5; i++)
        sb_u32(&s, 0x01010101 * i);
    return s;
}

StubBuilder ab_instantiation_info(const AbActivation *a)
{
    StubBuilder s = sb_new(false);
    sb_guid(&s, &a->clsid);
    sb_u32(&s, 0x14);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_u32(&s, a->n);
    sb_u32(&s, 0);
    sb_u32(&s, a->n ? PTR : 0);
    sb_u32(&s, 88);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    if (a->n)
        sb_u32(&s, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        sb_guid(&s, &a->iids[i]);
    return s;
}

StubBuilder ab_security_info(const char *server_name)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0);
    sb_u32(&s, PTR);
    sb_u32(&s, 0);
    sb_u32(&s, 0); // COSERVERINFO
    sb_u32(&s, server_name ? PTR : 0);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    if (server_name)
        put_wstring(&s, server_name);
    return s;
}

StubBuilder ab_request_blob(const AbActivation *a, AbFlaw flaw)
{
    AbProperty properties[] = {
        {0x1b9, ab_other_info()},
        {0x1ab, ab_instantiation_info(a)},
        {0x1a6, ab_security_info(a->server_name)},
        {0x1aa, ab_other_info()},
    };
    return ab_blob(properties, G_N_ELEMENTS(properties), flaw);
}

StubBuilder ab_scm_request_of(const StubBuilder *blob, bool create_instance, bool big_endian)
{
    g_autoptr(GByteArray) ref = ab_blob_objref(blob, false);
    StubBuilder s = sb_request(big_endian);
    if (create_instance)
        sb_interface(&s, NULL);
    sb_interface(&s, ref);
    return s;
}

StubBuilder ab_scm_request(const AbActivation *a, bool create_instance, bool big_endian)
{
    g_auto(StubBuilder) blob = ab_request_blob(a, AB_GOOD);
    return ab_scm_request_of(&blob, create_instance, big_endian);
}

StubBuilder ab_remote_request(const AbActivation *a, bool big_endian)
{
    g_autoptr(GByteArray) storage = a->n ? sb_objref_standard(&a->iids[0], &sb_ipid) : NULL;
    StubBuilder s = sb_request(big_endian);
    sb_guid(&s, &a->clsid);
    sb_wstring(&s, a->n ? "C:\\file" : NULL);
    sb_interface(&s, storage);
    sb_u32(&s, 2);
    sb_u32(&s, 0xffffffff);
    sb_u32(&s, a->n);
    sb_u32(&s, a->n ? PTR : 0);
    if (a->n)
        sb_u32(&s, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        sb_guid(&s, &a->iids[i]);
    sb_uint(&s, 1, 2);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_uint(&s, 7, 2);
    return s;
}

static bool is_given(const AbActivation *a, uint32_t i)
{
    return !guid_is_null(&a->ipids[i]);
}

/** Referents, then the references of the interfaces that were given. */
static void put_interfaces(StubBuilder *s, const AbActivation *a)
{
    sb_u32(s, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        sb_u32(s, is_given(a, i) ? PTR : 0);
    for (uint32_t i = 0; i < a->n; i++) {
        if (!is_given(a, i))
            continue;
        g_autoptr(GByteArray) ref = sb_objref_standard(&a->iids[i], &a->ipids[i]);
        g_byte_array_append(ref, (const uint8_t *) "", 1); // slack, so that padding follows
        sb_u32(s, ref->len);
        sb_u32(s, ref->len);
        g_byte_array_append(s->bytes, ref->data, ref->len);
        sb_align(s, 4);
    }
}

static void put_results(StubBuilder *s, const AbActivation *a)
{
    sb_u32(s, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        sb_u32(s, is_given(a, i) ? 0 : E_ACCESSDENIED);
}

/** PropsOutInfo */
static StubBuilder props_out(const AbActivation *a)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, a->n);
    sb_u32(&s, PTR);
    sb_u32(&s, PTR);
    sb_u32(&s, PTR);
    sb_u32(&s, a->n);
    for (uint32_t i = 0; i < a->n; i++)
        sb_guid(&s, &a->iids[i]);
    put_results(&s, a);
    put_interfaces(&s, a);
    return s;
}

StubBuilder ab_scm_reply(const AbActivation *a)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0);
    sb_u32(&s, PTR);
    sb_uint(&s, a->oxid, 8);
    sb_u32(&s, PTR);
    sb_guid(&s, &a->remunknown);
    sb_u32(&s, 2);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    put_bindings(&s, a->addresses);
    return s;
}

static StubBuilder no_scm_reply(void)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    return s;
}

StubBuilder ab_response_blob(const AbActivation *a, bool with_reply, AbFlaw flaw)
{
    AbProperty properties[] = {{0x339, props_out(a)}, {0x1b6, with_reply ? ab_scm_reply(a) : no_scm_reply()}};
    return ab_blob(properties, G_N_ELEMENTS(properties), flaw);
}

StubBuilder ab_scm_response_of(const StubBuilder *blob, uint32_t status, bool big_endian)
{
    g_autoptr(GByteArray) ref = blob ? ab_blob_objref(blob, true) : NULL;
    StubBuilder s = sb_response(big_endian);
    sb_interface(&s, ref);
    sb_u32(&s, status);
    return s;
}

StubBuilder ab_scm_response(const AbActivation *a, uint32_t status, bool big_endian)
{
    g_auto(StubBuilder) blob = ab_response_blob(a, true, AB_GOOD);
    return ab_scm_response_of(&blob, status, big_endian);
}

StubBuilder ab_remote_response(const AbActivation *a, bool big_endian)
{
    static const Guid none[2];
    const AbActivation denied = {.n = G_N_ELEMENTS(none), .iids = none, .ipids = none};
    StubBuilder s = sb_response(big_endian);
    sb_uint(&s, a ? a->oxid : 0, 8);
    sb_u32(&s, a ? PTR : 0);
    if (a)
        put_bindings(&s, a->addresses);
    sb_guid(&s, a ? &a->remunknown : &none[0]);
    sb_u32(&s, 2);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    sb_u32(&s, a ? 0 : E_ACCESSDENIED); // phr
    put_interfaces(&s, a ? a : &denied);
    put_results(&s, a ? a : &denied);
    sb_u32(&s, 0);
    return s;
}

StubBuilder ab_oxid_request(uint64_t oxid, bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_uint(&s, oxid, 8);
    sb_uint(&s, 2, 2);
    sb_align(&s, 4);
    sb_u32(&s, 2);
    sb_uint(&s, 7, 2);
    sb_uint(&s, 15, 2);
    return s;
}

StubBuilder ab_oxid_response(const AbActivation *a, uint16_t opnum, bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_u32(&s, a ? PTR : 0);
    if (a)
        put_bindings(&s, a->addresses);
    sb_guid(&s, a ? &a->remunknown : &(Guid){0});
    sb_u32(&s, 5);
    if (opnum == 4) {
        sb_uint(&s, 5, 2);
        sb_uint(&s, 7, 2);
    }
    sb_u32(&s, a ? 0 : 0x776); // OR_INVALID_OXID
    return s;
}
