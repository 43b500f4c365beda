// SPDX-License-Identifier: GPL-2.0-or-later
// Look-ups in the endpoint mapper.
#include "epm-builder.h"
#include "wire/epm.h"

static const EbTower samr = {{0x12345778, 0x1234, 0xabcd, {0xef, 0, 1, 0x23, 0x45, 0x67, 0x89, 0xac}}, 135, NULL};
static const uint8_t address[4] = {192, 0, 2, 6};

static Bytes cursor(const StubBuilder *s)
{
    return bytes_init(s->bytes->data, s->bytes->len, s->big_endian);
}

static void test_request(void)
{
    for (unsigned i = 0; i < 4; i++) {
        bool ndr64 = i & 1;
        g_auto(StubBuilder) s = eb_request(&samr, ndr64, i & 2);
        Bytes b = cursor(&s);
        EpmTower asked;
        g_assert_true(epm_map_request_read(&b, ndr64, &asked));
        g_assert_true(guid_equal(&asked.interface, &samr.interface));
        for (size_t len = 0; len < s.bytes->len; len++) {
            b = bytes_init(s.bytes->data, len, s.big_endian);
            g_assert_false(epm_map_request_read(&b, ndr64, &asked));
        }
        b = cursor(&s);
        g_assert_false(epm_map_request_read(&b, !ndr64, &asked));
    }
}

static void test_response(void)
{
    for (unsigned i = 0; i < 4; i++) {
        bool ndr64 = i & 1;
        // The second one is a pipe's.
        const EbTower towers[] = {
            {samr.interface, 49670, address}, {samr.interface, 0, NULL}, {samr.interface, 49671, NULL}};
        g_auto(StubBuilder) s = eb_response(towers, G_N_ELEMENTS(towers), ndr64, i & 2);
        Bytes b = cursor(&s);
        EpmTower found[EPM_MAX_TOWERS];
        unsigned n;
        g_assert_true(epm_map_response_read(&b, ndr64, found, &n));
        g_assert_cmpuint(n, ==, 2);
        g_assert_cmpuint(found[0].port, ==, 49670);
        g_assert_true(found[0].has_ip && memcmp(found[0].ip, address, 4) == 0);
        g_assert_cmpuint(found[1].port, ==, 49671);
        g_assert_false(found[1].has_ip);
        for (size_t len = 0; len < s.bytes->len; len++) {
            b = bytes_init(s.bytes->data, len, s.big_endian);
            g_assert_false(epm_map_response_read(&b, ndr64, found, &n));
        }
    }
}

/** Nothing was registered; and more than are taken. */
static void test_count(void)
{
    EpmTower found[EPM_MAX_TOWERS];
    unsigned n;
    EbTower many[EPM_MAX_TOWERS + 10];
    for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
        many[i] = (EbTower){samr.interface, (uint16_t) (49000 + i), address};
    for (unsigned i = 0; i < 2; i++) {
        g_auto(StubBuilder) s = eb_response(many, i ? G_N_ELEMENTS(many) : 0, false, false);
        Bytes b = cursor(&s);
        g_assert_true(epm_map_response_read(&b, false, found, &n));
        g_assert_cmpuint(n, ==, i ? EPM_MAX_TOWERS : 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/epm/request", test_request);
    g_test_add_func("/wire/epm/response", test_response);
    g_test_add_func("/wire/epm/count", test_count);
    return g_test_run();
}
