// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/remunknown.h"

static bool request_good(const uint8_t *data, size_t len)
{
    RemQueryRequest r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = rem_query_request_read(&b, &r, &why);
    g_assert_true(good == !why);
    if (good)
        rem_query_request_clear(&r);
    return good;
}

static bool response_good(const uint8_t *data, size_t len)
{
    RemQueryResponse r;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = rem_query_response_read(&b, &r, &why);
    g_assert_true(good == !why);
    if (good)
        rem_query_response_clear(&r);
    return good;
}

static void test_request(gconstpointer big_endian)
{
    for (unsigned n = 0; n < 4; n++) {
        RemQueryRequest r;
        const char *why;
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_guid(&s, &sb_ipid);
        sb_u32(&s, 5);
        sb_uint(&s, n, 2);
        sb_align(&s, 4);
        sb_u32(&s, n);
        for (unsigned i = 0; i < n; i++)
            sb_guid(&s, i ? &sb_iid_sink : &sb_iid_services);
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
        g_assert_true(rem_query_request_read(&b, &r, &why));
        g_assert_true(guid_equal(&r.ipid, &sb_ipid));
        g_assert_true(guid_equal(&r.orpc.causality_id, &sb_causality));
        g_assert_cmpuint(r.refs, ==, 5);
        g_assert_cmpuint(r.iids->len, ==, n);
        if (n > 1)
            g_assert_true(guid_equal(&g_array_index(r.iids, Guid, 1), &sb_iid_sink));
        rem_query_request_clear(&r);
        if (!big_endian) {
            sb_check_truncations(s.bytes, request_good);
            sb_check_mutations(s.bytes, 2000, request_good);
        }
        sb_trailer(&s, &sb_iid_services);
        g_assert_true(big_endian || request_good(s.bytes->data, s.bytes->len));
    }
}

static bool references_good(const uint8_t *data, size_t len)
{
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    g_autoptr(GArray) ipids = g_array_new(FALSE, FALSE, sizeof(Guid));
    bool good = rem_refs_request_read(&b, ipids, &why);
    g_assert_true(good == !why);
    g_assert_true(good || ipids->len == 0);
    return good;
}

static void test_references(gconstpointer big_endian)
{
    for (unsigned n = 0; n < 3; n++) {
        const char *why;
        g_auto(StubBuilder) s = sb_request(!!big_endian);
        sb_uint(&s, n, 2);
        sb_align(&s, 4);
        sb_u32(&s, n);
        for (unsigned i = 0; i < n; i++) {
            sb_guid(&s, i ? &sb_iid_sink : &sb_ipid);
            sb_u32(&s, 5);
            sb_u32(&s, 0);
        }
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
        g_autoptr(GArray) ipids = g_array_new(FALSE, FALSE, sizeof(Guid));
        g_assert_true(rem_refs_request_read(&b, ipids, &why));
        g_assert_cmpuint(ipids->len, ==, n);
        if (n > 0)
            g_assert_true(guid_equal(&g_array_index(ipids, Guid, 0), &sb_ipid));
        if (!big_endian) {
            sb_check_truncations(s.bytes, references_good);
            sb_check_mutations(s.bytes, 2000, references_good);
        }
    }
}

static void put_result(StubBuilder *s, uint32_t status)
{
    sb_u32(s, status);
    sb_align(s, 8);
    sb_u32(s, 0);
    sb_u32(s, 5);
    sb_uint(s, 0x1122334455667788, 8);
    sb_uint(s, 0x99aabbccddeeff00, 8);
    sb_guid(s, &sb_ipid);
}

static void test_response(gconstpointer big_endian)
{
    RemQueryResponse r;
    const char *why;
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_u32(&s, 0x00020000);
    sb_u32(&s, 2);
    sb_align(&s, 8);
    put_result(&s, 0);
    put_result(&s, 0x80004002);
    sb_u32(&s, 1);
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
    g_assert_true(rem_query_response_read(&b, &r, &why));
    g_assert_cmpuint(r.status, ==, 1);
    g_assert_cmpuint(r.results->len, ==, 2);
    const RemQueryResult *first = &g_array_index(r.results, RemQueryResult, 0);
    g_assert_cmpuint(first->status, ==, 0);
    g_assert_cmpuint(first->public_refs, ==, 5);
    g_assert_cmpuint(first->oxid, ==, 0x1122334455667788);
    g_assert_cmpuint(first->oid, ==, 0x99aabbccddeeff00);
    g_assert_true(guid_equal(&first->ipid, &sb_ipid));
    g_assert_cmpuint(g_array_index(r.results, RemQueryResult, 1).status, ==, 0x80004002);
    rem_query_response_clear(&r);

    g_auto(StubBuilder) failed = sb_response(!!big_endian);
    sb_u32(&failed, 0);
    sb_u32(&failed, 0x80010108);
    b = bytes_init(failed.bytes->data, failed.bytes->len, failed.big_endian);
    g_assert_true(rem_query_response_read(&b, &r, &why));
    g_assert_cmpuint(r.status, ==, 0x80010108);
    g_assert_cmpuint(r.results->len, ==, 0);
    rem_query_response_clear(&r);
    if (!big_endian) {
        sb_check_truncations(s.bytes, response_good);
        sb_check_truncations(failed.bytes, response_good);
        sb_check_mutations(s.bytes, 5000, response_good);
    }
}

/** Counts that do not fit the bytes are not believed. */
static void test_counts(void)
{
    RemQueryRequest q;
    RemQueryResponse r;
    const char *why = NULL;
    g_auto(StubBuilder) s = sb_request(false);
    sb_guid(&s, &sb_ipid);
    sb_u32(&s, 5);
    sb_uint(&s, 0xffff, 2);
    sb_align(&s, 4);
    sb_u32(&s, 0xffff);
    sb_guid(&s, &sb_iid_services);
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_false(rem_query_request_read(&b, &q, &why));
    g_assert_cmpstr(why, ==, "number of IIDs does not fit");

    g_auto(StubBuilder) t = sb_response(false);
    sb_u32(&t, 0x00020000);
    sb_u32(&t, 0xffffffff);
    put_result(&t, 0);
    sb_u32(&t, 0);
    b = bytes_init(t.bytes->data, t.bytes->len, false);
    g_assert_false(rem_query_response_read(&b, &r, &why));
    g_assert_cmpstr(why, ==, "number of results does not fit");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sb_add_test("/remunknown/request", test_request);
    sb_add_test("/remunknown/references", test_references);
    sb_add_test("/remunknown/response", test_response);
    g_test_add_func("/remunknown/counts", test_counts);
    return g_test_run();
}
