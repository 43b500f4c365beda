// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/activation.h"

#define PTR 0x00020000 ///< any referent that is not null
#define OXID 0x0102030405060708
#define E_ACCESSDENIED 0x80070005

static const Guid clsid_wmi = {0x8bc3f05e, 0xd86b, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
static const Guid iid_login = {0xf309ad18, 0xd86a, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
static const Guid remunknown = {0x00006800, 0x0a80, 0x0000, {1, 1, 2, 2, 3, 3, 4, 4}};

static Guid dcom_guid(uint32_t data1)
{
    return (Guid){.data1 = data1, .data4 = {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
}

static void put_dcom_guid(StubBuilder *s, uint32_t data1)
{
    Guid g = dcom_guid(data1);
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

/** DUALSTRINGARRAY with its conformance: SRV[50000] and 10.0.0.7[50000]. */
static void put_bindings(StubBuilder *s)
{
    static const char *const addresses[] = {"SRV[50000]", "10.0.0.7[50000]"};
    g_auto(StubBuilder) words = sb_new(s->big_endian);
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        sb_uint(&words, 7, 2);
        for (const char *c = addresses[i]; *c; c++)
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

static void check_bindings(const GPtrArray *bindings)
{
    g_assert_cmpuint(bindings->len, ==, 2);
    const DcomBinding *first = g_ptr_array_index(bindings, 0), *second = g_ptr_array_index(bindings, 1);
    g_assert_cmpstr(first->host, ==, "SRV");
    g_assert_cmpuint(first->port, ==, 50000);
    g_assert_cmpstr(second->host, ==, "10.0.0.7");
    g_assert_cmpuint(second->port, ==, 50000);
}

/* Activation properties */

typedef struct {
    uint32_t clsid;
    StubBuilder object; ///< without its headers
} Property;

typedef enum { BLOB_GOOD, BLOB_BIG_ENDIAN, BLOB_VERSION, BLOB_COUNT, BLOB_HEADER_SIZE, BLOB_ELEVEN } BlobFlaw;

static void put_serialized(StubBuilder *s, const StubBuilder *object, BlobFlaw flaw)
{
    sb_uint(s, flaw == BLOB_VERSION ? 2 : 1, 1);
    sb_uint(s, flaw == BLOB_BIG_ENDIAN ? 0 : 0x10, 1);
    sb_uint(s, 8, 2);
    sb_u32(s, 0xcccccccc);
    sb_u32(s, object->bytes->len);
    sb_u32(s, 0);
    put_bytes(s, object);
}

/** The BLOB; the objects are padded to 8, as they have to be. */
static StubBuilder blob(Property *properties, uint32_t n, BlobFlaw flaw)
{
    g_auto(StubBuilder) body = sb_new(false);
    g_auto(StubBuilder) header = sb_new(false);
    g_auto(StubBuilder) sizes = sb_new(false);
    for (uint32_t i = 0; i < n; i++) {
        guint start = body.bytes->len;
        sb_align(&properties[i].object, 8);
        put_serialized(&body, &properties[i].object, i == 1 ? flaw : BLOB_GOOD);
        sb_u32(&sizes, body.bytes->len - start);
    }
    uint32_t count = flaw == BLOB_ELEVEN ? 11 : n;
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
    sb_u32(&header, count + (flaw == BLOB_COUNT));
    for (uint32_t i = 0; i < count; i++)
        put_dcom_guid(&header, i < n ? properties[i].clsid : 0x1a5);
    sb_u32(&header, count);
    put_bytes(&header, &sizes);
    for (uint32_t i = n; i < count; i++)
        sb_u32(&header, 16);
    sb_align(&header, 8);
    g_assert_cmpuint(header.bytes->len + 16, ==, header_size);
    if (flaw == BLOB_HEADER_SIZE) { // the properties are within what is the header's
        put_bytes(&header, &body);
        g_byte_array_set_size(body.bytes, 0);
    }

    StubBuilder s = sb_new(false);
    sb_u32(&s, 16 + header.bytes->len + body.bytes->len);
    sb_u32(&s, 0);
    put_serialized(&s, &header, BLOB_GOOD);
    put_bytes(&s, &body);
    return s;
}

/** The BLOB in its OBJREF: request (0x1a2, 0x338) or response (0x1a3, 0x339). */
static GByteArray *blob_objref(const StubBuilder *b, bool response)
{
    Guid iid = dcom_guid(response ? 0x1a3 : 0x1a2), clsid = dcom_guid(response ? 0x339 : 0x338);
    return sb_objref_custom(&iid, &clsid, b->bytes);
}

static StubBuilder other_info(void)
{
    StubBuilder s = sb_new(false);
    for (uint32_t i = 0; i < 5; i++)
        sb_u32(&s, 0x01010101 * i);
    return s;
}

static StubBuilder instantiation_info(uint32_t iids)
{
    StubBuilder s = sb_new(false);
    sb_guid(&s, &clsid_wmi);
    sb_u32(&s, 0x14);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_u32(&s, iids);
    sb_u32(&s, 0);
    sb_u32(&s, iids ? PTR : 0);
    sb_u32(&s, 88);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    if (iids)
        sb_u32(&s, iids);
    for (uint32_t i = 0; i < iids; i++) {
        Guid iid = iid_login;
        iid.data2 = (uint16_t) (iid.data2 + i);
        sb_guid(&s, &iid);
    }
    return s;
}

static StubBuilder security_info(const char *server_name)
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

static StubBuilder request_blob(uint32_t iids, const char *server_name, BlobFlaw flaw)
{
    Property properties[] = {
        {0x1b9, other_info()},
        {0x1ab, instantiation_info(iids)},
        {0x1a6, security_info(server_name)},
        {0x1aa, other_info()},
    };
    StubBuilder s = blob(properties, G_N_ELEMENTS(properties), flaw);
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
        sb_clear(&properties[i].object);
    return s;
}

/** RemoteCreateInstance, or RemoteGetClassObject, which has no pUnkOuter. */
static StubBuilder scm_request(const StubBuilder *b, bool create_instance, bool big_endian)
{
    g_autoptr(GByteArray) ref = blob_objref(b, false);
    StubBuilder s = sb_request(big_endian);
    if (create_instance)
        sb_interface(&s, NULL);
    sb_interface(&s, ref);
    return s;
}

static bool request_read(const StubBuilder *s, ActivationKind kind, ActivationRequest *r)
{
    Bytes b = bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
    return activation_request_read(&b, kind, r);
}

static void test_scm_request(void)
{
    for (unsigned i = 0; i < 4; i++) {
        g_auto(StubBuilder) b = request_blob(2, "WORKSTATION6.corp.example", BLOB_GOOD);
        g_auto(StubBuilder) s = scm_request(&b, i & 1, i & 2);
        ActivationRequest r;
        g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
        g_assert_true(guid_equal(&r.causality_id, &sb_causality));
        g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
        g_assert_cmpstr(r.server_name, ==, "WORKSTATION6.corp.example");
        g_assert_cmpuint(r.iids->len, ==, 2);
        g_assert_true(guid_equal(&g_array_index(r.iids, Guid, 0), &iid_login));
        g_assert_cmphex(g_array_index(r.iids, Guid, 1).data2, ==, iid_login.data2 + 1);
        activation_request_clear(&r);
        g_assert_null(r.iids);
    }
}

/// Servers do not look at it: it may be anything, and must not hide the class.
static void test_scm_request_with_long_name(void)
{
    g_autofree char *name = g_strnfill(3000, 'A');
    g_auto(StubBuilder) b = request_blob(1, name, BLOB_GOOD);
    g_auto(StubBuilder) s = scm_request(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
    g_assert_null(r.server_name);
    activation_request_clear(&r);
}

static void test_scm_request_without_name(void)
{
    g_auto(StubBuilder) b = request_blob(1, NULL, BLOB_GOOD);
    g_auto(StubBuilder) s = scm_request(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_null(r.server_name);
    activation_request_clear(&r);

    // No SecurityInfo at all, no IID.
    Property only = {0x1ab, instantiation_info(0)};
    g_auto(StubBuilder) small = blob(&only, 1, BLOB_GOOD);
    sb_clear(&only.object);
    g_auto(StubBuilder) t = scm_request(&small, true, false);
    g_assert_true(request_read(&t, ACTIVATION_SCM, &r));
    g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
    g_assert_null(r.server_name);
    g_assert_cmpuint(r.iids->len, ==, 0);
    activation_request_clear(&r);
}

static void test_many_iids(void)
{
    g_auto(StubBuilder) b = request_blob(200, "S", BLOB_GOOD);
    g_auto(StubBuilder) s = scm_request(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_cmpuint(r.iids->len, ==, 64);
    g_assert_cmpstr(r.server_name, ==, "S");
    activation_request_clear(&r);
}

static void test_request_flaws(void)
{
    static const BlobFlaw flaws[] = {BLOB_BIG_ENDIAN, BLOB_VERSION, BLOB_COUNT, BLOB_HEADER_SIZE, BLOB_ELEVEN};
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_auto(StubBuilder) b = request_blob(1, "S", flaws[i]);
        g_auto(StubBuilder) s = scm_request(&b, true, false);
        ActivationRequest r;
        g_test_message("flaw %d", flaws[i]);
        g_assert_false(request_read(&s, ACTIVATION_SCM, &r));
        g_assert_null(r.iids);
        g_assert_null(r.server_name);
    }
}

/** What is in the properties has to be there once; nothing else may be taken for it. */
static void test_request_properties(void)
{
    static const struct {
        uint32_t clsids[3];
        bool good;
    } cases[] = {
        {{0x1ab, 0x1a6, 0x1a5}, true},  {{0x1a6, 0x1a5, 0x1ab}, true},  {{0x1a5, 0x1a6, 0x1a4}, false},
        {{0x1ab, 0x1a6, 0x1ab}, false}, {{0x1a6, 0x1ab, 0x1a6}, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Property properties[3];
        for (size_t k = 0; k < 3; k++) {
            uint32_t clsid = cases[i].clsids[k];
            properties[k].clsid = clsid;
            properties[k].object = clsid == 0x1ab   ? instantiation_info(1)
                                   : clsid == 0x1a6 ? security_info("S")
                                                    : other_info();
        }
        g_auto(StubBuilder) b = blob(properties, 3, BLOB_GOOD);
        for (size_t k = 0; k < 3; k++)
            sb_clear(&properties[k].object);
        g_auto(StubBuilder) s = scm_request(&b, true, false);
        ActivationRequest r;
        g_test_message("case %zu", i);
        g_assert_cmpint(request_read(&s, ACTIVATION_SCM, &r), ==, cases[i].good);
        if (cases[i].good) {
            g_assert_cmpstr(r.server_name, ==, "S");
            activation_request_clear(&r);
        }
    }
}

/** Other object references in the place of the properties. */
static void test_request_objref(void)
{
    g_auto(StubBuilder) b = request_blob(1, "S", BLOB_GOOD);
    Guid iid = dcom_guid(0x1a2), other_iid = dcom_guid(0x1a3);
    Guid clsid = dcom_guid(0x338), other_clsid = dcom_guid(0x339);
    g_autoptr(GByteArray) good = sb_objref_custom(&iid, &clsid, b.bytes);
    g_autoptr(GByteArray) with_iid = sb_objref_custom(&other_iid, &clsid, b.bytes);
    g_autoptr(GByteArray) with_clsid = sb_objref_custom(&iid, &other_clsid, b.bytes);
    g_autoptr(GByteArray) standard = sb_objref_standard(&iid, &sb_ipid);
    const GByteArray *const refs[] = {good, with_iid, with_clsid, standard, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(refs); i++) {
        g_auto(StubBuilder) s = sb_request(false);
        sb_interface(&s, NULL);
        sb_interface(&s, refs[i]);
        ActivationRequest r;
        g_assert_cmpint(request_read(&s, ACTIVATION_SCM, &r), ==, refs[i] == good);
        if (refs[i] == good)
            activation_request_clear(&r);
    }
}

static StubBuilder remote_activation_request(bool big_endian, bool with_iids)
{
    g_autoptr(GByteArray) storage = sb_objref_standard(&iid_login, &sb_ipid);
    StubBuilder s = sb_request(big_endian);
    sb_guid(&s, &clsid_wmi);
    sb_wstring(&s, with_iids ? "C:\\file" : NULL);
    sb_interface(&s, with_iids ? storage : NULL);
    sb_u32(&s, 2);
    sb_u32(&s, 0xffffffff);
    sb_u32(&s, with_iids ? 2 : 0);
    sb_u32(&s, with_iids ? PTR : 0);
    if (with_iids) {
        sb_u32(&s, 2);
        sb_guid(&s, &iid_login);
        sb_guid(&s, &sb_iid_services);
    }
    sb_uint(&s, 1, 2);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_uint(&s, 7, 2);
    return s;
}

static void test_remote_activation_request(void)
{
    for (unsigned i = 0; i < 4; i++) {
        g_auto(StubBuilder) s = remote_activation_request(i & 1, i & 2);
        ActivationRequest r;
        g_assert_true(request_read(&s, ACTIVATION_REMOTE, &r));
        g_assert_true(guid_equal(&r.causality_id, &sb_causality));
        g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
        g_assert_null(r.server_name);
        g_assert_cmpuint(r.iids->len, ==, i & 2 ? 2 : 0);
        if (i & 2) {
            g_assert_true(guid_equal(&g_array_index(r.iids, Guid, 0), &iid_login));
            g_assert_true(guid_equal(&g_array_index(r.iids, Guid, 1), &sb_iid_services));
        }
        activation_request_clear(&r);
        g_assert_false(request_read(&s, ACTIVATION_SCM, &r));
    }
}

/* Responses */

/** PropsOutInfo: `n` interfaces, of which the last is denied and has no object. */
static StubBuilder props_out(uint32_t n)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, n);
    sb_u32(&s, PTR);
    sb_u32(&s, PTR);
    sb_u32(&s, PTR);
    sb_u32(&s, n);
    for (uint32_t i = 0; i < n; i++)
        sb_guid(&s, i ? &sb_iid_services : &iid_login);
    sb_u32(&s, n);
    for (uint32_t i = 0; i < n; i++)
        sb_u32(&s, i && i + 1 == n ? E_ACCESSDENIED : 0);
    sb_u32(&s, n);
    for (uint32_t i = 0; i < n; i++)
        sb_u32(&s, i && i + 1 == n ? 0 : PTR);
    for (uint32_t i = 0; i < n; i++) {
        if (i && i + 1 == n)
            continue;
        g_autoptr(GByteArray) ref = sb_objref_standard(&iid_login, &sb_ipid);
        g_byte_array_append(ref, (const uint8_t *) "", 1); // slack, so that padding follows
        sb_u32(&s, ref->len);
        sb_u32(&s, ref->len);
        g_byte_array_append(s.bytes, ref->data, ref->len);
        sb_align(&s, 4);
    }
    return s;
}

static StubBuilder scm_reply(bool with_reply)
{
    StubBuilder s = sb_new(false);
    sb_u32(&s, 0);
    sb_u32(&s, with_reply ? PTR : 0);
    if (!with_reply)
        return s;
    sb_uint(&s, OXID, 8);
    sb_u32(&s, PTR);
    sb_guid(&s, &remunknown);
    sb_u32(&s, 2);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    put_bindings(&s);
    return s;
}

static StubBuilder response_blob(uint32_t interfaces, bool with_reply, BlobFlaw flaw)
{
    Property properties[] = {{0x339, props_out(interfaces)}, {0x1b6, scm_reply(with_reply)}};
    StubBuilder s = blob(properties, G_N_ELEMENTS(properties), flaw);
    for (size_t i = 0; i < G_N_ELEMENTS(properties); i++)
        sb_clear(&properties[i].object);
    return s;
}

static StubBuilder scm_response(const StubBuilder *b, uint32_t status, bool big_endian)
{
    g_autoptr(GByteArray) ref = b ? blob_objref(b, true) : NULL;
    StubBuilder s = sb_response(big_endian);
    sb_interface(&s, ref);
    sb_u32(&s, status);
    return s;
}

static bool response_read(const StubBuilder *s, ActivationKind kind, ActivationResponse *r)
{
    Bytes b = bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
    return activation_response_read(&b, kind, r);
}

static void check_interface(const ActivationResponse *r, guint i, const Guid *iid, bool given)
{
    const ActivatedInterface *interface = &g_array_index(r->interfaces, ActivatedInterface, i);
    g_assert_true(guid_equal(&interface->iid, iid));
    g_assert_cmphex(interface->status, ==, given ? 0 : E_ACCESSDENIED);
    g_assert_cmphex(interface->oxid, ==, given ? 0x1122334455667788 : 0);
    g_assert_cmpint(guid_equal(&interface->ipid, &sb_ipid), ==, given);
}

static void test_scm_response(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) b = response_blob(2, true, BLOB_GOOD);
        g_auto(StubBuilder) s = scm_response(&b, 1, big_endian);
        ActivationResponse r;
        g_assert_true(response_read(&s, ACTIVATION_SCM, &r));
        g_assert_cmphex(r.status, ==, 1);
        g_assert_true(r.has_endpoint);
        g_assert_cmphex(r.oxid, ==, OXID);
        g_assert_true(guid_equal(&r.ipid_remunknown, &remunknown));
        check_bindings(r.bindings);
        g_assert_cmpuint(r.interfaces->len, ==, 2);
        check_interface(&r, 0, &iid_login, true);
        check_interface(&r, 1, &sb_iid_services, false);
        activation_response_clear(&r);
        g_assert_null(r.bindings);
    }
}

static void test_scm_response_many(void)
{
    g_auto(StubBuilder) b = response_blob(200, true, BLOB_GOOD);
    g_auto(StubBuilder) s = scm_response(&b, 0, false);
    ActivationResponse r;
    g_assert_true(response_read(&s, ACTIVATION_SCM, &r));
    g_assert_cmpuint(r.interfaces->len, ==, 64);
    check_interface(&r, 63, &sb_iid_services, true);
    activation_response_clear(&r);
}

static void test_scm_response_failed(void)
{
    g_auto(StubBuilder) s = scm_response(NULL, E_ACCESSDENIED, false);
    g_auto(StubBuilder) b = response_blob(1, false, BLOB_GOOD);
    g_auto(StubBuilder) t = scm_response(&b, E_ACCESSDENIED, false);
    const StubBuilder *const stubs[] = {&s, &t};
    for (size_t i = 0; i < G_N_ELEMENTS(stubs); i++) {
        ActivationResponse r;
        g_assert_true(response_read(stubs[i], ACTIVATION_SCM, &r));
        g_assert_cmphex(r.status, ==, E_ACCESSDENIED);
        g_assert_false(r.has_endpoint);
        g_assert_cmpuint(r.bindings->len, ==, 0);
        g_assert_cmpuint(r.interfaces->len, ==, i);
        activation_response_clear(&r);
    }
}

static void test_response_flaws(void)
{
    static const BlobFlaw flaws[] = {BLOB_BIG_ENDIAN, BLOB_VERSION, BLOB_COUNT, BLOB_HEADER_SIZE, BLOB_ELEVEN};
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_auto(StubBuilder) b = response_blob(1, true, flaws[i]);
        g_auto(StubBuilder) s = scm_response(&b, 0, false);
        ActivationResponse r;
        g_assert_false(response_read(&s, ACTIVATION_SCM, &r));
        g_assert_null(r.bindings);
        g_assert_null(r.interfaces);
    }
    // The properties of a request, and the same property twice.
    g_auto(StubBuilder) in = request_blob(1, "S", BLOB_GOOD);
    g_autoptr(GByteArray) ref = blob_objref(&in, false);
    g_auto(StubBuilder) s = sb_response(false);
    sb_interface(&s, ref);
    sb_u32(&s, 0);
    ActivationResponse r;
    g_assert_false(response_read(&s, ACTIVATION_SCM, &r));
    Property twice[] = {{0x1b6, scm_reply(true)}, {0x1b6, scm_reply(true)}};
    g_auto(StubBuilder) b = blob(twice, 2, BLOB_GOOD);
    sb_clear(&twice[0].object);
    sb_clear(&twice[1].object);
    g_auto(StubBuilder) t = scm_response(&b, 0, false);
    g_assert_false(response_read(&t, ACTIVATION_SCM, &r));
}

static StubBuilder remote_activation_response(bool big_endian, bool good)
{
    g_autoptr(GByteArray) ref = sb_objref_standard(&iid_login, &sb_ipid);
    StubBuilder s = sb_response(big_endian);
    sb_uint(&s, good ? OXID : 0, 8);
    sb_u32(&s, good ? PTR : 0);
    if (good)
        put_bindings(&s);
    sb_guid(&s, good ? &remunknown : &(Guid){0});
    sb_u32(&s, 2);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    sb_u32(&s, good ? 0 : E_ACCESSDENIED); // phr
    sb_u32(&s, 2);
    sb_u32(&s, good ? PTR : 0);
    sb_u32(&s, 0);
    if (good) {
        sb_u32(&s, ref->len);
        sb_u32(&s, ref->len);
        g_byte_array_append(s.bytes, ref->data, ref->len);
        sb_align(&s, 4);
    }
    sb_u32(&s, 2);
    sb_u32(&s, good ? 0 : E_ACCESSDENIED);
    sb_u32(&s, E_ACCESSDENIED);
    sb_u32(&s, 0);
    return s;
}

static void test_remote_activation_response(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) s = remote_activation_response(big_endian, true);
        ActivationResponse r;
        g_assert_true(response_read(&s, ACTIVATION_REMOTE, &r));
        g_assert_cmphex(r.status, ==, 0);
        g_assert_true(r.has_endpoint);
        g_assert_cmphex(r.oxid, ==, OXID);
        g_assert_true(guid_equal(&r.ipid_remunknown, &remunknown));
        check_bindings(r.bindings);
        g_assert_cmpuint(r.interfaces->len, ==, 2);
        check_interface(&r, 0, &iid_login, true);
        check_interface(&r, 1, &(Guid){0}, false); // the IID is in the request alone
        activation_response_clear(&r);
    }
}

/** The OXID is aligned to 8, which matters after extensions. */
static void test_remote_activation_extensions(void)
{
    g_auto(StubBuilder) plain = remote_activation_response(false, false);
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, 0);
    sb_u32(&s, PTR);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    sb_align(&s, 8);
    g_byte_array_append(s.bytes, plain.bytes->data + 8, plain.bytes->len - 8);
    ActivationResponse r;
    g_assert_true(response_read(&s, ACTIVATION_REMOTE, &r));
    g_assert_cmphex(r.oxid, ==, 0);
    g_assert_cmphex(r.status, ==, E_ACCESSDENIED);
    activation_response_clear(&r);
}

static void test_remote_activation_failed(void)
{
    g_auto(StubBuilder) s = remote_activation_response(false, false);
    ActivationResponse r;
    g_assert_true(response_read(&s, ACTIVATION_REMOTE, &r));
    g_assert_cmphex(r.status, ==, E_ACCESSDENIED); // phr, as the call itself went well
    g_assert_false(r.has_endpoint);
    g_assert_cmpuint(r.bindings->len, ==, 0);
    activation_response_clear(&r);

    s.bytes->data[s.bytes->len - 4] = 6;
    g_assert_true(response_read(&s, ACTIVATION_REMOTE, &r));
    g_assert_cmphex(r.status, ==, 6);
    activation_response_clear(&r);
}

/* OXID resolution */

static StubBuilder oxid_response(uint16_t opnum, bool good, bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_u32(&s, good ? PTR : 0);
    if (good)
        put_bindings(&s);
    sb_guid(&s, good ? &remunknown : &(Guid){0});
    sb_u32(&s, 5);
    if (opnum == 4) {
        sb_uint(&s, 5, 2);
        sb_uint(&s, 7, 2);
    }
    sb_u32(&s, good ? 0 : 0x776); // OR_INVALID_OXID
    return s;
}

static void test_oxid_response(void)
{
    for (unsigned i = 0; i < 8; i++) {
        uint16_t opnum = i & 1 ? 4 : 0;
        bool good = i & 2;
        g_auto(StubBuilder) s = oxid_response(opnum, good, i & 4);
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
        ActivationResponse r;
        g_assert_true(oxid_response_read(&b, opnum, &r));
        g_assert_cmpuint(bytes_left(&b), ==, 0);
        g_assert_cmphex(r.status, ==, good ? 0 : 0x776);
        g_assert_cmpint(r.has_endpoint, ==, good);
        g_assert_cmpuint(r.interfaces->len, ==, 0);
        g_assert_cmpint(guid_equal(&r.ipid_remunknown, &remunknown), ==, good);
        if (good)
            check_bindings(r.bindings);
        else
            g_assert_cmpuint(r.bindings->len, ==, 0);
        activation_response_clear(&r);
    }
}

static void test_oxid_response_malformed(void)
{
    g_auto(StubBuilder) s = oxid_response(4, true, false);
    ActivationResponse r;
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_false(oxid_response_read(&b, 5, &r)); // ServerAlive2 is another one
    s.bytes->data[4]++;                            // the conformance is not that of the array
    b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_false(oxid_response_read(&b, 4, &r));
}

static StubBuilder oxid_request(bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    sb_uint(&s, OXID, 8);
    sb_uint(&s, 2, 2);
    sb_align(&s, 4);
    sb_u32(&s, 2);
    sb_uint(&s, 7, 2);
    sb_uint(&s, 15, 2);
    return s;
}

static void test_oxid_request(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) s = oxid_request(big_endian);
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, big_endian);
        uint64_t oxid;
        g_assert_true(oxid_request_read(&b, &oxid));
        g_assert_cmphex(oxid, ==, OXID);
    }
}

/* Hostile bytes */

static bool read_request(const uint8_t *data, size_t len, ActivationKind kind)
{
    Bytes b = bytes_init(data, len, false);
    ActivationRequest r;
    if (!activation_request_read(&b, kind, &r))
        return false;
    g_assert_cmpuint(r.iids->len, <=, 64);
    g_assert_true(!r.server_name || g_utf8_validate(r.server_name, -1, NULL));
    activation_request_clear(&r);
    return true;
}

static bool read_scm_request(const uint8_t *data, size_t len)
{
    return read_request(data, len, ACTIVATION_SCM);
}

static bool read_remote_request(const uint8_t *data, size_t len)
{
    return read_request(data, len, ACTIVATION_REMOTE);
}

static bool response_good(bool ok, ActivationResponse *r)
{
    if (!ok)
        return false;
    g_assert_true(r->has_endpoint || r->bindings->len == 0);
    g_assert_cmpuint(r->interfaces->len, <=, 64);
    activation_response_clear(r);
    return true;
}

static bool read_scm_response(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    ActivationResponse r;
    return response_good(activation_response_read(&b, ACTIVATION_SCM, &r), &r);
}

static bool read_remote_response(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    ActivationResponse r;
    return response_good(activation_response_read(&b, ACTIVATION_REMOTE, &r), &r);
}

static bool read_oxid_response(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    ActivationResponse r;
    return response_good(oxid_response_read(&b, 4, &r), &r);
}

static bool read_oxid_request(const uint8_t *data, size_t len)
{
    Bytes b = bytes_init(data, len, false);
    uint64_t oxid;
    return oxid_request_read(&b, &oxid);
}

static void test_hostile(void)
{
    g_auto(StubBuilder) in = request_blob(2, "SERVER", BLOB_GOOD);
    g_auto(StubBuilder) out = response_blob(2, true, BLOB_GOOD);
    const struct {
        StubBuilder stub;
        SbReader read;
    } cases[] = {
        {scm_request(&in, true, false), read_scm_request},
        {scm_request(&in, false, false), read_scm_request},
        {remote_activation_request(false, true), read_remote_request},
        {scm_response(&out, 0, false), read_scm_response},
        {remote_activation_response(false, true), read_remote_response},
        {oxid_response(4, true, false), read_oxid_response},
        {oxid_request(false), read_oxid_request},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        sb_check_truncations(cases[i].stub.bytes, cases[i].read);
        sb_check_mutations(cases[i].stub.bytes, 5000, cases[i].read);
        g_byte_array_unref(cases[i].stub.bytes);
    }
}

/** The same for the BLOB alone, with an interface pointer around it that is always right. */
static void test_hostile_blob(void)
{
    g_auto(StubBuilder) in = request_blob(1, "SERVER", BLOB_GOOD);
    g_auto(StubBuilder) out = response_blob(2, true, BLOB_GOOD);
    while (in.bytes->len > 0) {
        g_byte_array_set_size(in.bytes, in.bytes->len - 1);
        g_auto(StubBuilder) s = scm_request(&in, true, false);
        ActivationRequest r;
        g_assert_false(request_read(&s, ACTIVATION_SCM, &r));
    }
    while (out.bytes->len > 0) {
        g_byte_array_set_size(out.bytes, out.bytes->len - 1);
        g_auto(StubBuilder) s = scm_response(&out, 0, false);
        ActivationResponse r;
        g_assert_false(response_read(&s, ACTIVATION_SCM, &r));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-activation/scm-request", test_scm_request);
    g_test_add_func("/decode-activation/scm-request-without-name", test_scm_request_without_name);
    g_test_add_func("/decode-activation/scm-request-with-long-name", test_scm_request_with_long_name);
    g_test_add_func("/decode-activation/many-iids", test_many_iids);
    g_test_add_func("/decode-activation/request-flaws", test_request_flaws);
    g_test_add_func("/decode-activation/request-properties", test_request_properties);
    g_test_add_func("/decode-activation/request-objref", test_request_objref);
    g_test_add_func("/decode-activation/remote-activation-request", test_remote_activation_request);
    g_test_add_func("/decode-activation/scm-response", test_scm_response);
    g_test_add_func("/decode-activation/scm-response-many", test_scm_response_many);
    g_test_add_func("/decode-activation/scm-response-failed", test_scm_response_failed);
    g_test_add_func("/decode-activation/response-flaws", test_response_flaws);
    g_test_add_func("/decode-activation/remote-activation-response", test_remote_activation_response);
    g_test_add_func("/decode-activation/remote-activation-extensions", test_remote_activation_extensions);
    g_test_add_func("/decode-activation/remote-activation-failed", test_remote_activation_failed);
    g_test_add_func("/decode-activation/oxid-response", test_oxid_response);
    g_test_add_func("/decode-activation/oxid-response-malformed", test_oxid_response_malformed);
    g_test_add_func("/decode-activation/oxid-request", test_oxid_request);
    g_test_add_func("/decode-activation/hostile", test_hostile);
    g_test_add_func("/decode-activation/hostile-blob", test_hostile_blob);
    return g_test_run();
}
