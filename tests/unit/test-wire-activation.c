// SPDX-License-Identifier: GPL-2.0-or-later
#include "activation-builder.h"
#include "wire/activation.h"

#define OXID 0x0102030405060708
#define E_ACCESSDENIED 0x80070005

static const Guid clsid_wmi = {0x8bc3f05e, 0xd86b, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
static const Guid iid_login = {0xf309ad18, 0xd86a, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
static const Guid remunknown = {0x00006800, 0x0a80, 0x0000, {1, 1, 2, 2, 3, 3, 4, 4}};

static const char *const addresses[] = {"SRV[50000]", "10.0.0.7[50000]", NULL};

/** What a request asks for: IWbemLevel1Login, then interfaces that differ from it a little. */
static AbActivation asked(uint32_t n, const char *server_name)
{
    static Guid iids[200];
    g_assert_cmpuint(n, <=, G_N_ELEMENTS(iids));
    for (uint32_t i = 0; i < n; i++) {
        iids[i] = iid_login;
        iids[i].data2 = (uint16_t) (iids[i].data2 + i);
    }
    return (AbActivation){.clsid = clsid_wmi, .n = n, .iids = iids, .server_name = server_name};
}

/** What a response gives: IWbemLevel1Login, then IWbemServices, of which the last is denied. */
static AbActivation given(uint32_t n)
{
    static Guid iids[200], ipids[200];
    g_assert_cmpuint(n, <=, G_N_ELEMENTS(iids));
    for (uint32_t i = 0; i < n; i++) {
        iids[i] = i ? sb_iid_services : iid_login;
        ipids[i] = i && i + 1 == n ? (Guid){0} : sb_ipid;
    }
    return (AbActivation){
        .n = n, .iids = iids, .ipids = ipids, .oxid = OXID, .remunknown = remunknown, .addresses = addresses};
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

static StubBuilder request_blob(uint32_t iids, const char *server_name, AbFlaw flaw)
{
    AbActivation a = asked(iids, server_name);
    return ab_request_blob(&a, flaw);
}

static bool request_read(const StubBuilder *s, ActivationKind kind, ActivationRequest *r)
{
    Bytes b = bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
    return activation_request_read(&b, kind, r);
}

static void test_scm_request(void)
{
    for (unsigned i = 0; i < 4; i++) {
        g_auto(StubBuilder) b = request_blob(2, "WORKSTATION6.corp.example", AB_GOOD);
        g_auto(StubBuilder) s = ab_scm_request_of(&b, i & 1, i & 2);
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
    g_auto(StubBuilder) b = request_blob(1, name, AB_GOOD);
    g_auto(StubBuilder) s = ab_scm_request_of(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
    g_assert_null(r.server_name);
    activation_request_clear(&r);
}

static void test_scm_request_without_name(void)
{
    g_auto(StubBuilder) b = request_blob(1, NULL, AB_GOOD);
    g_auto(StubBuilder) s = ab_scm_request_of(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_null(r.server_name);
    activation_request_clear(&r);

    // No SecurityInfo at all, no IID.
    AbActivation a = asked(0, NULL);
    AbProperty only = {0x1ab, ab_instantiation_info(&a)};
    g_auto(StubBuilder) small = ab_blob(&only, 1, AB_GOOD);
    g_auto(StubBuilder) t = ab_scm_request_of(&small, true, false);
    g_assert_true(request_read(&t, ACTIVATION_SCM, &r));
    g_assert_true(guid_equal(&r.clsid, &clsid_wmi));
    g_assert_null(r.server_name);
    g_assert_cmpuint(r.iids->len, ==, 0);
    activation_request_clear(&r);
}

static void test_many_iids(void)
{
    g_auto(StubBuilder) b = request_blob(200, "S", AB_GOOD);
    g_auto(StubBuilder) s = ab_scm_request_of(&b, true, false);
    ActivationRequest r;
    g_assert_true(request_read(&s, ACTIVATION_SCM, &r));
    g_assert_cmpuint(r.iids->len, ==, 64);
    g_assert_cmpstr(r.server_name, ==, "S");
    activation_request_clear(&r);
}

static void test_request_flaws(void)
{
    static const AbFlaw flaws[] = {AB_BIG_ENDIAN, AB_VERSION, AB_COUNT, AB_HEADER_SIZE, AB_ELEVEN};
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_auto(StubBuilder) b = request_blob(1, "S", flaws[i]);
        g_auto(StubBuilder) s = ab_scm_request_of(&b, true, false);
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
        AbActivation a = asked(1, NULL);
        AbProperty properties[3];
        for (size_t k = 0; k < 3; k++) {
            uint32_t clsid = cases[i].clsids[k];
            properties[k].clsid = clsid;
            properties[k].object = clsid == 0x1ab   ? ab_instantiation_info(&a)
                                   : clsid == 0x1a6 ? ab_security_info("S")
                                                    : ab_other_info();
        }
        g_auto(StubBuilder) b = ab_blob(properties, 3, AB_GOOD);
        g_auto(StubBuilder) s = ab_scm_request_of(&b, true, false);
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
    g_auto(StubBuilder) b = request_blob(1, "S", AB_GOOD);
    Guid iid = ab_dcom_guid(0x1a2), other_iid = ab_dcom_guid(0x1a3);
    Guid clsid = ab_dcom_guid(0x338), other_clsid = ab_dcom_guid(0x339);
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
    AbActivation a = given(with_iids ? 2 : 0);
    a.clsid = clsid_wmi;
    return ab_remote_request(&a, big_endian);
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

static StubBuilder response_blob(uint32_t interfaces, bool with_reply, AbFlaw flaw)
{
    AbActivation a = given(interfaces);
    return ab_response_blob(&a, with_reply, flaw);
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

static void check_endpoint(const ActivationResponse *r)
{
    g_assert_true(r->has_endpoint);
    g_assert_cmphex(r->oxid, ==, OXID);
    g_assert_true(guid_equal(&r->ipid_remunknown, &remunknown));
    check_bindings(r->bindings);
}

static void test_scm_response(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) b = response_blob(2, true, AB_GOOD);
        g_auto(StubBuilder) s = ab_scm_response_of(&b, 1, big_endian);
        ActivationResponse r;
        g_assert_true(response_read(&s, ACTIVATION_SCM, &r));
        g_assert_cmphex(r.status, ==, 1);
        check_endpoint(&r);
        g_assert_cmpuint(r.interfaces->len, ==, 2);
        check_interface(&r, 0, &iid_login, true);
        check_interface(&r, 1, &sb_iid_services, false);
        activation_response_clear(&r);
        g_assert_null(r.bindings);
    }
}

static void test_scm_response_many(void)
{
    g_auto(StubBuilder) b = response_blob(200, true, AB_GOOD);
    g_auto(StubBuilder) s = ab_scm_response_of(&b, 0, false);
    ActivationResponse r;
    g_assert_true(response_read(&s, ACTIVATION_SCM, &r));
    g_assert_cmpuint(r.interfaces->len, ==, 64);
    check_interface(&r, 63, &sb_iid_services, true);
    activation_response_clear(&r);
}

static void test_scm_response_failed(void)
{
    g_auto(StubBuilder) s = ab_scm_response_of(NULL, E_ACCESSDENIED, false);
    g_auto(StubBuilder) b = response_blob(1, false, AB_GOOD);
    g_auto(StubBuilder) t = ab_scm_response_of(&b, E_ACCESSDENIED, false);
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
    static const AbFlaw flaws[] = {AB_BIG_ENDIAN, AB_VERSION, AB_COUNT, AB_HEADER_SIZE, AB_ELEVEN};
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_auto(StubBuilder) b = response_blob(1, true, flaws[i]);
        g_auto(StubBuilder) s = ab_scm_response_of(&b, 0, false);
        ActivationResponse r;
        g_assert_false(response_read(&s, ACTIVATION_SCM, &r));
        g_assert_null(r.bindings);
        g_assert_null(r.interfaces);
    }
    // The properties of a request, and the same property twice.
    g_auto(StubBuilder) in = request_blob(1, "S", AB_GOOD);
    g_autoptr(GByteArray) ref = ab_blob_objref(&in, false);
    g_auto(StubBuilder) s = sb_response(false);
    sb_interface(&s, ref);
    sb_u32(&s, 0);
    ActivationResponse r;
    g_assert_false(response_read(&s, ACTIVATION_SCM, &r));
    AbActivation a = given(1);
    AbProperty twice[] = {{0x1b6, ab_scm_reply(&a)}, {0x1b6, ab_scm_reply(&a)}};
    g_auto(StubBuilder) b = ab_blob(twice, 2, AB_GOOD);
    g_auto(StubBuilder) t = ab_scm_response_of(&b, 0, false);
    g_assert_false(response_read(&t, ACTIVATION_SCM, &r));
}

static StubBuilder remote_activation_response(bool big_endian, bool good)
{
    AbActivation a = given(2);
    return ab_remote_response(good ? &a : NULL, big_endian);
}

static void test_remote_activation_response(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) s = remote_activation_response(big_endian, true);
        ActivationResponse r;
        g_assert_true(response_read(&s, ACTIVATION_REMOTE, &r));
        g_assert_cmphex(r.status, ==, 0);
        check_endpoint(&r);
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
    sb_u32(&s, 0x00020000); // any referent
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
    AbActivation a = given(0);
    return ab_oxid_response(good ? &a : NULL, opnum, big_endian);
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

static void test_oxid_request(void)
{
    for (int big_endian = 0; big_endian < 2; big_endian++) {
        g_auto(StubBuilder) s = ab_oxid_request(OXID, big_endian);
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
    g_auto(StubBuilder) in = request_blob(2, "SERVER", AB_GOOD);
    g_auto(StubBuilder) out = response_blob(2, true, AB_GOOD);
    const struct {
        StubBuilder stub;
        SbReader read;
    } cases[] = {
        {ab_scm_request_of(&in, true, false), read_scm_request},
        {ab_scm_request_of(&in, false, false), read_scm_request},
        {remote_activation_request(false, true), read_remote_request},
        {ab_scm_response_of(&out, 0, false), read_scm_response},
        {remote_activation_response(false, true), read_remote_response},
        {oxid_response(4, true, false), read_oxid_response},
        {ab_oxid_request(OXID, false), read_oxid_request},
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
    g_auto(StubBuilder) in = request_blob(1, "SERVER", AB_GOOD);
    g_auto(StubBuilder) out = response_blob(2, true, AB_GOOD);
    while (in.bytes->len > 0) {
        g_byte_array_set_size(in.bytes, in.bytes->len - 1);
        g_auto(StubBuilder) s = ab_scm_request_of(&in, true, false);
        ActivationRequest r;
        g_assert_false(request_read(&s, ACTIVATION_SCM, &r));
    }
    while (out.bytes->len > 0) {
        g_byte_array_set_size(out.bytes, out.bytes->len - 1);
        g_auto(StubBuilder) s = ab_scm_response_of(&out, 0, false);
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
