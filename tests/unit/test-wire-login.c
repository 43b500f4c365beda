// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/login.h"
#include "wire/trailer.h"

static Bytes cursor(const StubBuilder *s)
{
    return bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
}

static bool client_info_good(const uint8_t *data, size_t len)
{
    ClientInfo c;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = client_info_read(&b, &c, &why);
    g_assert_true(good == !why);
    if (good)
        client_info_clear(&c);
    return good;
}

static bool client_info_ex_good(const uint8_t *data, size_t len)
{
    ClientInfo c;
    const char *why;
    Bytes b = bytes_init(data, len, false);
    bool good = client_info_ex_read(&b, &c, &why);
    if (good)
        client_info_clear(&c);
    return good;
}

static bool establish_position_request_good(const uint8_t *data, size_t len)
{
    OrpcThis orpc;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = establish_position_request_read(&b, &orpc, &why);
    g_assert_true(good == !why);
    return good;
}

static bool ntlm_login_request_good(const uint8_t *data, size_t len)
{
    NtlmLoginRequest r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = ntlm_login_request_read(&b, &r, &why);
    g_assert_true(good == !why);
    if (good)
        ntlm_login_request_clear(&r);
    return good;
}

static bool ntlm_login_response_good(const uint8_t *data, size_t len)
{
    NtlmLoginResponse r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = ntlm_login_response_read(&b, &r, &why);
    g_assert_true(good == !why);
    if (good)
        ntlm_login_response_clear(&r);
    return good;
}

static void put_client_info(StubBuilder *s, const char *machine)
{
    sb_wstring(s, machine);
    sb_u32(s, 7240);
    sb_u32(s, 0);
}

static void test_client_info(gconstpointer big_endian)
{
    ClientInfo c;
    const char *why;
    // Names of each length modulo the padding, of none, and with other than ASCII.
    static const char *const names[] = {"WORKSTATION5", "WKS-07", "A", "ПК-Бюро", "", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        put_client_info(&s, names[i]);
        Bytes b = cursor(&s);
        g_assert_true(client_info_read(&b, &c, &why));
        g_assert_cmpstr(c.machine, ==, names[i]);
        g_assert_null(c.fqdn);
        g_assert_cmpuint(c.pid, ==, 7240);
        g_assert_cmpuint(c.process_start, ==, 0);
        g_assert_true(guid_equal(&c.orpc.causality_id, &sb_causality));
        client_info_clear(&c);
        if (!big_endian)
            sb_check_truncations(s.bytes, client_info_good);
    }
}

/// Whatever name the client gives itself, its process id counts.
static void test_client_info_long_name(void)
{
    ClientInfo c;
    const char *why;
    g_autofree char *name = g_strnfill(100000, 'W');
    g_auto(StubBuilder) s = sb_request(false);
    put_client_info(&s, name);
    Bytes b = cursor(&s);
    g_assert_true(client_info_read(&b, &c, &why));
    g_assert_cmpstr(c.machine, ==, name);
    g_assert_cmpuint(c.pid, ==, 7240);
    client_info_clear(&c);
}

static void put_client_info_ex(StubBuilder *s, const char *machine, const char *fqdn, size_t align)
{
    sb_wstring(s, machine);
    sb_wstring(s, fqdn);
    sb_u32(s, 7240);
    sb_align(s, align);
    sb_u32(s, 0x37b6b08e); // low part first, whatever the byte order
    sb_u32(s, 0x01d66ba4);
    sb_u32(s, 0);
}

static void test_client_info_ex(gconstpointer big_endian)
{
    ClientInfo c;
    const char *why;
    static const char *const machines[] = {"WORKSTATION5", "WKS", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        for (size_t align = 4; align <= 8; align += 4) {
            g_auto(StubBuilder) s = sb_request(!!big_endian);
            put_client_info_ex(&s, machines[i], "workstation5.theshire.local", align);
            Bytes b = cursor(&s);
            g_assert_true(client_info_ex_read(&b, &c, &why));
            g_assert_cmpuint(bytes_left(&b), ==, 0);
            g_assert_cmpstr(c.machine, ==, machines[i]);
            g_assert_cmpstr(c.fqdn, ==, "workstation5.theshire.local");
            g_assert_cmpuint(c.pid, ==, 7240);
            g_assert_cmpuint(c.process_start, ==, 0x01d66ba437b6b08e);
            client_info_clear(&c);
            if (!big_endian && align == 4)
                sb_check_truncations(s.bytes, client_info_ex_good);
        }
    }
}

static void test_filetime(void)
{
    uint32_t nsecs;
    // 2020-08-06 03:46:50.7536526 UTC
    g_assert_cmpint(filetime_to_unix(132411592107536526, &nsecs), ==, 1596685610);
    g_assert_cmpuint(nsecs, ==, 753652600);
    g_assert_cmpint(filetime_to_unix(116444736000000000, &nsecs), ==, 0);
    g_assert_cmpuint(nsecs, ==, 0);
    g_assert_cmpint(filetime_to_unix(116444735999999999, &nsecs), ==, -1);
    g_assert_cmpuint(nsecs, ==, 999999900);
    g_assert_cmpint(filetime_to_unix(UINT64_MAX, &nsecs), ==, INT64_C(1833029933770));
}

static void test_establish_position(gconstpointer big_endian)
{
    OrpcThis orpc;
    const char *why;
    g_auto(StubBuilder) s = sb_request(!!big_endian);
    sb_wstring(&s, NULL);
    sb_u32(&s, 0);
    Bytes b = cursor(&s);
    g_assert_true(establish_position_request_read(&b, &orpc, &why));
    g_assert_true(guid_equal(&orpc.causality_id, &sb_causality));
    if (!big_endian)
        sb_check_truncations(s.bytes, establish_position_request_good);
}

static void test_ntlm_login_request(gconstpointer big_endian)
{
    static const struct {
        const char *resource, *locale;
        bool context, trailer;
    } cases[] = {
        {"\\\\WORKSTATION6\\root\\cimv2", "en-US,en", false, false},
        {"//./root/cimv2", NULL, false, false},
        {"\\\\10.0.0.1\\root\\subscription", "ms_409,en-US,en", true, false},
        {"\\\\сервер\\root\\cimv2", NULL, false, true},
        {NULL, NULL, false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        NtlmLoginRequest r;
        const char *why;
        g_autoptr(GByteArray) data = g_byte_array_new();
        g_byte_array_append(data, (const uint8_t *) "\1\0\0\0", 3);
        g_autoptr(GByteArray) context = sb_objref_custom(&sb_iid_object, &sb_clsid_object, data);
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_wstring(&s, cases[i].resource);
        sb_wstring(&s, cases[i].locale);
        sb_u32(&s, 0x40);
        sb_interface(&s, cases[i].context ? context : NULL);
        guint len = s.bytes->len;
        if (cases[i].trailer)
            sb_trailer(&s, &sb_iid_services);
        Bytes b = cursor(&s);
        g_assert_true(ntlm_login_request_read(&b, &r, &why));
        g_assert_cmpstr(r.resource, ==, cases[i].resource);
        g_assert_cmpstr(r.locale, ==, cases[i].locale);
        g_assert_cmpuint(r.flags, ==, 0x40);
        g_assert_true(r.has_context == cases[i].context);
        ntlm_login_request_clear(&r);
        if (big_endian)
            continue;
        sb_check_mutations(s.bytes, 2000, ntlm_login_request_good);
        // The stub without its trailer is a whole one too, and so is one that ends before the last padding.
        g_byte_array_set_size(s.bytes, cases[i].context ? len - 1 : len);
        sb_check_truncations(s.bytes, ntlm_login_request_good);
    }
}

static void test_ntlm_login_response(gconstpointer big_endian)
{
    NtlmLoginResponse r;
    const char *why;
    g_autoptr(GByteArray) objref = sb_objref_standard(&sb_iid_services, &sb_ipid);
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_interface(&s, objref);
    sb_u32(&s, 0);
    Bytes b = cursor(&s);
    g_assert_true(ntlm_login_response_read(&b, &r, &why));
    g_assert_cmpuint(r.status, ==, 0);
    g_assert_true(r.has_services);
    g_assert_cmpint(r.services.kind, ==, OBJREF_STANDARD);
    g_assert_true(guid_equal(&r.services.iid, &sb_iid_services));
    g_assert_true(guid_equal(&r.services.standard.ipid, &sb_ipid));
    g_assert_cmpuint(r.services.standard.oxid, ==, 0x1122334455667788);
    g_assert_cmpuint(r.services.standard.bindings->len, ==, 1);
    ntlm_login_response_clear(&r);

    g_auto(StubBuilder) denied = sb_response(!!big_endian);
    sb_interface(&denied, NULL);
    sb_u32(&denied, 0x80041003);
    b = cursor(&denied);
    g_assert_true(ntlm_login_response_read(&b, &r, &why));
    g_assert_cmpuint(r.status, ==, 0x80041003);
    g_assert_false(r.has_services);
    ntlm_login_response_clear(&r);
    if (!big_endian) {
        sb_check_truncations(s.bytes, ntlm_login_response_good);
        sb_check_truncations(denied.bytes, ntlm_login_response_good);
        sb_check_mutations(s.bytes, 5000, ntlm_login_response_good);
    }
}

/** Bytes after the last parameter, and stubs of other calls. */
static void test_leftover(void)
{
    ClientInfo c;
    const char *why = NULL;
    g_auto(StubBuilder) s = sb_request(false);
    put_client_info(&s, "WKS-07");
    for (size_t extra = 1; extra < 64; extra++) {
        sb_uint(&s, 0, 1);
        Bytes b = cursor(&s);
        g_assert_false(client_info_read(&b, &c, &why));
        g_assert_cmpstr(why, ==, "bytes after the last parameter");
    }
    g_auto(StubBuilder) login = sb_request(false);
    sb_wstring(&login, "//./root/cimv2");
    sb_wstring(&login, NULL);
    sb_u32(&login, 0);
    sb_interface(&login, NULL);
    g_assert_true(ntlm_login_request_good(login.bytes->data, login.bytes->len));
    g_assert_false(client_info_ex_good(login.bytes->data, login.bytes->len));
    g_assert_false(establish_position_request_good(login.bytes->data, login.bytes->len));
    login.bytes->data[0] = 6;
    Bytes b = cursor(&login);
    NtlmLoginRequest r;
    g_assert_false(ntlm_login_request_read(&b, &r, &why));
    g_assert_cmpstr(why, ==, "no ORPC request");
}

static void test_noise(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t noise[128];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t) g_test_rand_int();
        g_assert_false(client_info_good(noise, sizeof noise));
        g_assert_false(client_info_ex_good(noise, sizeof noise));
        g_assert_false(ntlm_login_request_good(noise, sizeof noise));
        g_assert_false(ntlm_login_response_good(noise, sizeof noise));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sb_add_test("/login/client-info", test_client_info);
    g_test_add_func("/login/client-info-long-name", test_client_info_long_name);
    sb_add_test("/login/client-info-ex", test_client_info_ex);
    g_test_add_func("/login/filetime", test_filetime);
    sb_add_test("/login/establish-position", test_establish_position);
    sb_add_test("/login/ntlm-login-request", test_ntlm_login_request);
    sb_add_test("/login/ntlm-login-response", test_ntlm_login_response);
    g_test_add_func("/login/leftover", test_leftover);
    g_test_add_func("/login/noise", test_noise);
    return g_test_run();
}
