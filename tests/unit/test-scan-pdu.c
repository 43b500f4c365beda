// SPDX-License-Identifier: GPL-2.0-or-later
// Which bytes make a connection one to be kept.

#include "packet-builder.h"
#include "scan/pdu.h"
#include "token-builder.h"

#include <string.h>

/** Searches a copy that ends where the bytes end. */
static bool search(const uint8_t *data, size_t len, ScanPduFlags flags)
{
    g_autofree uint8_t *copy = g_memdup2(data, len ? len : 1);
    return scan_pdu_search(copy, len, flags);
}

static void test_anywhere(void)
{
    uint8_t data[200];
    for (size_t at = 0; at < 100; at++) {
        memset(data, 'x', sizeof(data));
        size_t len = pdu_bind(data + at, uuid_login, NULL);
        g_assert_true(search(data, at + len, SCAN_PDU_NOTHING));
        g_assert_true(search(data, sizeof(data), SCAN_PDU_NOTHING));
        (void) pdu_bind(data + at, uuid_samr, NULL);
        g_assert_false(search(data, at + len, SCAN_PDU_NOTHING));
        g_assert_false(search(data, sizeof(data), SCAN_PDU_NOTHING));
        (void) pdu_request(data + at, 0x83, 3, 40);
        g_assert_true(search(data, at + 16, SCAN_PDU_NOTHING));
        (void) pdu_request(data + at, 0x03, 3, 40);
        g_assert_false(search(data, sizeof(data), SCAN_PDU_NOTHING));
    }
}

static void test_cut(void)
{
    uint8_t bind[128];
    size_t len = pdu_bind(bind, uuid_samr, NULL);
    for (size_t n = 0; n <= len; n++) // not all of the interfaces can be seen
        g_assert_true(search(bind, n, SCAN_PDU_NOTHING) == (n >= 8 && n < len));
}

static void test_both_byte_orders(void)
{
    uint8_t bind[128];
    static const uint8_t big[16] = {0xf3, 0x09, 0xad, 0x18, 0xd8, 0x6a, 0x11, 0xd0,
                                    0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20};
    size_t len = pdu_bind(bind, big, NULL);
    g_assert_false(search(bind, len, SCAN_PDU_NOTHING));
    bind[4] = 0;
    bind[8] = 0;
    bind[9] = (uint8_t) len;
    g_assert_true(search(bind, len, SCAN_PDU_NOTHING));
}

static void test_not_dcerpc(void)
{
    uint8_t data[128];
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 4}, {1, 2}, {4, 0x20}, {8, 39}, {10, 57}};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        (void) pdu_request(data, 0x83, 3, 40);
        g_assert_true(search(data, 80, SCAN_PDU_NOTHING));
        data[wrong[i].at] = wrong[i].value;
        g_assert_false(search(data, 80, SCAN_PDU_NOTHING));
    }
}

/** What is reserved in a header, where nothing else says that there is one. */
static void test_reserved(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } reserved[] = {{3, 0x8b}, {5, 4}, {6, 1}, {7, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
        uint8_t data[256] = "GET /";
        (void) pdu_request(data + 20, 0x83, 3, 40);
        g_assert_true(search(data, 120, SCAN_PDU_NOTHING));
        data[20 + reserved[i].at] = reserved[i].value;
        g_assert_false(search(data, 120, SCAN_PDU_NOTHING));
        g_assert_true(search(data, 120, SCAN_PDU_RPC));
        g_assert_true(search(data + 20, 100, SCAN_PDU_NOTHING)); // it stands at the start
        uint8_t two[256];
        size_t first = pdu_request(two, 0x03, 3, 8); // or behind another
        memcpy(two + first, data + 20, 80);
        g_assert_true(search(two, first + 80, SCAN_PDU_NOTHING));
    }
}

/** The extensions of most TLS servers: status_request, renegotiation_info. */
static void test_tls(void)
{
    static const uint8_t hello[] = {0x00, 0x0d, 0x00, 0x05, 0x00, 0x00, 0xff, 0x01, 0x00, 0x01, 0x00, 0x16, 0x03, 0x03,
                                    0x03, 0x0a, 0x0b, 0x00, 0x03, 0x06, 0x00, 0x03, 0x03, 0x00, 0x03, 0x00, 0x30, 0x82};
    g_assert_false(search(hello, sizeof(hello), SCAN_PDU_NOTHING));
}

static void test_rpcss(void)
{
    uint8_t data[512];
    size_t len = pdu_bind(data, uuid_samr, NULL);
    g_assert_false(search(data, len, SCAN_PDU_RPCSS));
    len = pdu_request(data, 3, 3, 156); // a look-up
    g_assert_false(search(data, len, SCAN_PDU_RPCSS));
    len = pdu_request(data, 3, 4, 400);
    g_assert_true(search(data, len, SCAN_PDU_RPCSS));
    g_assert_false(search(data, len, SCAN_PDU_NOTHING));
    len = pdu_request(data, 1, 4, 100); // the first fragment of more
    g_assert_true(search(data, len, SCAN_PDU_RPCSS));
    len = pdu_request(data, 3, 2, 400);
    g_assert_false(search(data, len, SCAN_PDU_RPCSS));
}

/** A Bind to RPCSS' port matters when its token is for RPCSS, or when that cannot be seen. */
static void test_token(void)
{
    const char *const host[] = {"host", "srv", NULL}, *const rpcss[] = {"RPCSS", "srv", NULL};
    const struct {
        GByteArray *token;
        size_t cut; ///< bytes that are not in the segment
        bool matters;
    } cases[] = {
        {tb_ap_req(tb_ticket("EXAMPLE.COM", rpcss, 1)), 0, true},
        {tb_ap_req(tb_ticket("EXAMPLE.COM", host, 1)), 0, false},
        {tb_ap_req(tb_ticket("EXAMPLE.COM", rpcss, 1)), 100, true},
        {tb_ap_req(tb_ticket("EXAMPLE.COM", host, 1)), 100, false}, // the ticket can be seen
        {tb_ap_req(tb_ticket("EXAMPLE.COM", host, 1)), 450, true},
        {tb_ntlm_head(1, 40), 0, false},
        {tb_ntlm_head(1, 40), 10, true},
        {tb_filler(30), 0, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t data[1024];
        size_t len = pdu_bind(data, uuid_samr, cases[i].token);
        g_assert_false(search(data, len - cases[i].cut, SCAN_PDU_NOTHING));
        g_test_message("case %zu of %u bytes", i, cases[i].token->len);
        g_assert_cmpint(search(data, len - cases[i].cut, SCAN_PDU_RPCSS), ==, cases[i].matters);
        g_byte_array_unref(cases[i].token);
    }
}

static void test_kind(void)
{
    uint8_t data[128];
    (void) pdu_bind(data, uuid_samr, NULL);
    g_assert_cmpint(scan_pdu_kind(data, 72), ==, SCAN_PDU_BIND);
    g_assert_cmpint(scan_pdu_kind(data, 15), ==, SCAN_PDU_SHORT);
    g_assert_cmpint(scan_pdu_kind(data, 1), ==, SCAN_PDU_SHORT);
    g_assert_cmpint(scan_pdu_kind(data, 0), ==, SCAN_PDU_NONE);
    (void) pdu_request(data, 3, 0, 8);
    g_assert_cmpint(scan_pdu_kind(data, 32), ==, SCAN_PDU_REQUEST);
    (void) pdu_request(data, 2, 0, 8);
    g_assert_cmpint(scan_pdu_kind(data, 32), ==, SCAN_PDU_OTHER);
    g_assert_cmpint(scan_pdu_kind((const uint8_t *) "GET / HTTP/1.1\r\n\r\n", 18), ==, SCAN_PDU_NONE);
}

static void test_tail(void)
{
    uint8_t data[160];
    memset(data, 'x', sizeof(data));
    (void) pdu_request(data + 100, 0x83, 3, 1);
    for (size_t n = 1; n <= 7; n++)
        g_assert_cmpuint(scan_pdu_tail(data, 100 + n, 7), ==, n);
    g_assert_cmpuint(scan_pdu_tail(data, 100, 7), ==, 0);
    g_assert_cmpuint(scan_pdu_tail(data, 0, 7), ==, 0);
    g_assert_cmpuint(scan_pdu_tail((const uint8_t *) "\5", 1, 7), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/pdu/anywhere", test_anywhere);
    g_test_add_func("/scan/pdu/cut", test_cut);
    g_test_add_func("/scan/pdu/both-byte-orders", test_both_byte_orders);
    g_test_add_func("/scan/pdu/not-dcerpc", test_not_dcerpc);
    g_test_add_func("/scan/pdu/reserved", test_reserved);
    g_test_add_func("/scan/pdu/tls", test_tls);
    g_test_add_func("/scan/pdu/rpcss", test_rpcss);
    g_test_add_func("/scan/pdu/token", test_token);
    g_test_add_func("/scan/pdu/kind", test_kind);
    g_test_add_func("/scan/pdu/tail", test_tail);
    return g_test_run();
}
