// SPDX-License-Identifier: GPL-2.0-or-later
// Look-ups in the endpoint mapper, and the DCOM connections to the ports that they named.
#include "epm-builder.h"
#include "judge-fixture.h"
#include "wire/epm.h"

#define CLIENT 1
#define SERVER 2
#define PORT 49670

static const Guid wanted = {0x86d35949, 0x83c9, 0x4044, {0xb4, 0x24, 0xdb, 0x36, 0x32, 0x31, 0xfd, 0x0c}};
static const uint8_t address[4] = {10, 0, 0, SERVER}, inside[4] = {10, 0, 0, 7};

/** What the answer to a look-up of `wanted` showed that names `towers`. */
static const PduResult *look_up(Judge *j, uint16_t port, const EbTower *towers, unsigned n)
{
    Conversation *c = judge_connect(j, CLIENT, SERVER, port);
    (void) judge_bind(j, c, NAMES(MAPPER_INTERFACE), NULL);
    g_auto(StubBuilder) request = eb_request(&(EbTower){wanted, 135, NULL}, false, false);
    const PduResult *asked = judge_call(j, c, 0, EPM_OPNUM_MAP, NULL, &request);
    g_assert_true(!asked == (port != 135));
    g_auto(StubBuilder) response = eb_response(towers, n, false, false);
    return judge_answer(j, c, &response);
}

static Conversation *dcom(Judge *j, uint8_t client, uint8_t server, uint16_t port)
{
    Conversation *c = judge_connect(j, client, server, port);
    (void) judge_bind(j, c, NAMES("IRemUnknown2"), NULL);
    return c;
}

static void test_leads(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *before = dcom(j, CLIENT, SERVER, PORT);
    const EbTower towers[] = {{wanted, PORT, address}, {wanted, PORT + 1, inside}, {clsid_mmc, PORT + 2, address}};
    const PduResult *r = look_up(j, 135, towers, G_N_ELEMENTS(towers));
    g_assert_nonnull(r->lookup);
    g_assert_cmpint(r->conversation->confidence, ==, CONFIDENCE_NONE);
    g_assert_false(r->lookup->led);
    g_assert_null(before->lookup);

    Conversation *other = judge_connect(j, CLIENT, SERVER, PORT);
    (void) judge_bind(j, other, NAMES(OTHER_INTERFACE), NULL);
    g_assert_null(other->lookup); // no DCOM
    g_assert_null(dcom(j, 9, SERVER, PORT)->lookup);
    g_assert_null(dcom(j, CLIENT, SERVER, PORT + 2)->lookup); // of another interface than was asked for
    g_assert_false(r->lookup->led);

    Conversation *led = dcom(j, CLIENT, SERVER, PORT);
    g_assert_true(led->lookup == r->lookup && r->lookup->led);
    g_assert_cmpint(led->confidence, ==, CONFIDENCE_DCOM); // it is no evidence
    g_assert_true(led->activity == led);
    g_assert_true(dcom(j, CLIENT, 7, PORT + 1)->lookup == r->lookup);
    g_assert_true(dcom(j, CLIENT, SERVER, PORT + 1)->lookup == r->lookup);
    announce_done(j->announcer);
    g_autofree char *said =
        g_strdup_printf("\"lookup\":{\"frame\":%u,\"response_frame\":%u,\"client_port\":%u,"
                        "\"interface\":\"86d35949-83c9-4044-b424-db363231fd0c\"}",
                        r->lookup->frame, r->lookup->response_frame, conversation_client(r->conversation)->port);
    g_assert_cmpuint(judge_said(j, said), >=, 3);
}

/** The newest look-up counts; on another port than 135, there is no endpoint mapper. */
static void test_newest(void)
{
    g_autoptr(Judge) j = judge_new();
    const EbTower tower = {wanted, PORT, address};
    (void) look_up(j, 135, &tower, 1);
    const PduResult *second = look_up(j, 135, &tower, 1);
    g_assert_null(look_up(j, 593, &tower, 1));
    g_assert_true(dcom(j, CLIENT, SERVER, PORT)->lookup == second->lookup);
}

/** On a connection that activates, too: what is told of that is told, and nothing of the look-up. */
static void test_with_activation(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, CLIENT, SERVER, 135);
    (void) judge_bind(j, c, NAMES("ISystemActivator", MAPPER_INTERFACE), NULL);
    g_auto(StubBuilder) request = eb_request(&(EbTower){wanted, 135, NULL}, false, false);
    const PduResult *asked = judge_call(j, c, 1, EPM_OPNUM_MAP, NULL, &request);
    g_assert_true(asked->lookup && !asked->call);
    g_assert_cmpuint(judge_said(j, "\"event\":\"call\""), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/lookup/leads", test_leads);
    g_test_add_func("/judge/lookup/newest", test_newest);
    g_test_add_func("/judge/lookup/with-activation", test_with_activation);
    return g_test_run();
}
