// SPDX-License-Identifier: GPL-2.0-or-later
#include "stub-builder.h"
#include "wire/orpc.h"
#include "wire/trailer.h"

static bool end_good(const uint8_t *data, size_t len)
{
    StubTrailer t;
    const char *why = NULL;
    Bytes b = bytes_init(data, len, false);
    bool good = stub_end_read(&b, &t, &why);
    g_assert_true(good == !why);
    return good;
}

static void test_padding(void)
{
    static const uint8_t bytes[8] = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa};
    const char *why;
    for (size_t end = 0; end <= 4; end++) {
        for (size_t len = end; len <= sizeof bytes; len++) {
            Bytes b = bytes_init(bytes, len, false);
            bytes_skip(&b, end);
            g_assert_true(stub_end_read(&b, NULL, &why) == (len <= (end + 3) / 4 * 4));
        }
    }
    Bytes b = bytes_init(bytes, sizeof bytes, false);
    bytes_skip(&b, sizeof bytes + 1);
    g_assert_false(stub_end_read(&b, NULL, &why));
    g_assert_cmpstr(why, ==, "parameters beyond the end of the stub");
}

static void test_trailer(gconstpointer big_endian)
{
    for (size_t before = 0; before < 8; before++) {
        StubTrailer t;
        const char *why;
        g_auto(StubBuilder) s = sb_new(!!big_endian);
        for (size_t i = 0; i < before; i++)
            sb_uint(&s, 0, 1);
        sb_trailer(&s, &sb_iid_services);
        Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
        bytes_skip(&b, before);
        g_assert_true(stub_end_read(&b, &t, &why));
        g_assert_true(t.present && t.has_iid);
        g_assert_true(guid_equal(&t.iid, &sb_iid_services));
        g_assert_cmpuint(t.version_major, ==, 0);
    }
}

/** Several commands, and one without a presentation context. */
static void test_commands(void)
{
    StubTrailer t;
    const char *why;
    g_auto(StubBuilder) s = sb_new(false);
    sb_trailer(&s, &sb_iid_services);
    s.bytes->data[9] = 0; // not the last command
    sb_uint(&s, 0x4001, 2);
    sb_uint(&s, 4, 2);
    sb_u32(&s, 1);
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_true(stub_end_read(&b, &t, &why));
    g_assert_true(t.has_iid);
    // Any of its bytes missing, or one more.
    for (guint len = 1; len < s.bytes->len; len++)
        g_assert_false(end_good(s.bytes->data, len));
    sb_u32(&s, 0);
    g_assert_false(end_good(s.bytes->data, s.bytes->len));

    g_byte_array_remove_range(s.bytes, 8, 44);
    g_byte_array_set_size(s.bytes, 16);
    b = bytes_init(s.bytes->data, s.bytes->len, false);
    g_assert_true(stub_end_read(&b, &t, &why));
    g_assert_true(t.present);
    g_assert_false(t.has_iid);

    g_auto(StubBuilder) context = sb_new(false);
    sb_trailer(&context, &sb_iid_services);
    sb_check_mutations(context.bytes, 20000, end_good);
}

/** A response without out parameters: ORPCTHAT and HRESULT. */
static bool bare_status_read(Bytes *b, uint32_t *status, const char **why)
{
    uint32_t flags;
    return orpc_that_read(b, &flags) && stub_status_read(b, status, why);
}

static void test_status(gconstpointer big_endian)
{
    uint32_t status;
    const char *why;
    g_auto(StubBuilder) s = sb_response(!!big_endian);
    sb_u32(&s, 0x80070005);
    Bytes b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
    g_assert_true(bare_status_read(&b, &status, &why));
    g_assert_cmpuint(status, ==, 0x80070005);
    for (guint len = 0; len < s.bytes->len; len++) {
        b = bytes_init(s.bytes->data, len, s.big_endian);
        g_assert_false(bare_status_read(&b, &status, &why));
        b = bytes_init(s.bytes->data, len, s.big_endian);
        g_assert_false(stub_last_status_read(&b, &status, &why));
    }
    sb_u32(&s, 0x00040003);
    b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
    g_assert_false(bare_status_read(&b, &status, &why));
    g_assert_cmpstr(why, ==, "bytes after the status");
    b = bytes_init(s.bytes->data, s.bytes->len, s.big_endian);
    g_assert_true(stub_last_status_read(&b, &status, &why));
    g_assert_cmpuint(status, ==, 0x00040003);
}

/** The last four bytes of a stub whose length is no multiple of four are no HRESULT. */
static void test_odd_status(void)
{
    static const uint8_t bytes[17];
    uint32_t status;
    const char *why;
    for (size_t len = 12; len <= sizeof bytes; len++) {
        Bytes b = bytes_init(bytes, len, false);
        g_assert_true(stub_last_status_read(&b, &status, &why) == (len % 4 == 0));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trailer/padding", test_padding);
    sb_add_test("/trailer/trailer", test_trailer);
    g_test_add_func("/trailer/commands", test_commands);
    sb_add_test("/trailer/status", test_status);
    g_test_add_func("/trailer/odd-status", test_odd_status);
    return g_test_run();
}
