// SPDX-License-Identifier: GPL-2.0-or-later
// Families of clients, from marks.
#include "names/clients.h"

#include <glib.h>
#include <stdlib.h>

#define M(mark) (1u << MARK_##mark)
#define F(family) (1u << CLIENT_##family)

static void test_context_ids(void)
{
    g_assert_cmpint(client_mark_of_context_id(0), ==, MARK_NONE);
    g_assert_cmpint(client_mark_of_context_id(79230), ==, MARK_NONE);
    g_assert_cmpint(client_mark_of_context_id(79231), ==, MARK_CONTEXT_ID_79231);
    g_assert_cmpint(client_mark_of_context_id(79233), ==, MARK_CONTEXT_ID_79231);
    g_assert_cmpint(client_mark_of_context_id(4243), ==, MARK_CONTEXT_ID_4242);
}

/** The table is what the C library really gives. */
static void test_random(void)
{
    srandom(1); // as if nothing had seeded it
    for (unsigned i = 0; i < 8; i++)
        g_assert_cmpint(client_mark_of_context_id((uint32_t) random()), ==, MARK_CONTEXT_ID_RANDOM);
}

static void test_families(void)
{
    static const struct {
        unsigned marks, families;
    } cases[] = {
        {0, 0},
        {M(NTLM) | M(TRAILER) | M(REMOTE_ACTIVATION) | M(NAMESPACE_BARE), 0}, // nobody's alone
        {M(CLIENT_INFO), 0},
        {M(CONTEXT_ID_79231), F(IMPACKET) | F(AIOWMI_KERBEROS)},
        {M(CONTEXT_ID_79231) | M(NTLM), F(IMPACKET)},
        {M(CONTEXT_ID_79231) | M(LOGIN_CONTEXT), F(AIOWMI_KERBEROS)},
        {M(CONTEXT_ID_4242) | M(NAMESPACE_DOT) | M(NTLM), F(AIOWMI)},
        {M(NAMESPACE_DOT), F(IMPACKET) | F(AIOWMI)},
        {M(CONTEXT_ID_RANDOM), F(SAMBA)},
        {M(CLIENT_INFO) | M(LOCALE_MS) | M(NDR64), F(WMIC)},
        {M(CLIENT_INFO) | M(LOCALE_CULTURE), F(SYSTEM_MANAGEMENT)},
        {M(NDR64), F(WINDOWS)},
        {M(ACTIVATED_CLIENT_ID), F(TITANIS)},
        {M(CLIENT_INFO) | M(NAMESPACE_BARE) | M(TRAILER), F(TITANIS)},
        {M(CLIENT_INFO) | M(NAMESPACE_BARE) | M(NDR64), F(WINDOWS)},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmphex(client_families(cases[i].marks), ==, cases[i].families);
    g_assert_cmphex(client_marks_for(F(IMPACKET), M(CONTEXT_ID_79231) | M(NTLM)), ==, M(CONTEXT_ID_79231));
}

int main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/names/clients/context-ids", test_context_ids);
    g_test_add_func("/names/clients/random", test_random);
    g_test_add_func("/names/clients/families", test_families);
    return g_test_run();
}
