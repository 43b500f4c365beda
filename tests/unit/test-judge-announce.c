// SPDX-License-Identifier: GPL-2.0-or-later
// What is announced of conversations, and when.
#include "event/event.h"
#include "judge-fixture.h"

static const char *const wmi[] = {"IWbemLevel1Login", "IWbemLoginClientID", "IWbemServices", "IRemUnknown2", NULL};
enum { LOGIN, CLIENT_ID, SERVICES, REMUNKNOWN };
static const Guid object = {0x00000001, 0x0a80, 0xffff, {1}};

static Conversation *session(Judge *j)
{
    Conversation *c = judge_connect(j, 1, 2, 49000);
    (void) judge_bind(j, c, wmi, NULL);
    return c;
}

static void test_announcements(void)
{
    g_autoptr(Judge) j = judge_new();
    announce_begin(j->announcer, "1.2.3", "4.5.6");
    g_assert_cmpstr(j->lines->str, ==,
                    "{\"event\":\"begin\",\"format\":2,\"plugin\":\"1.2.3\",\"wireshark\":\"4.5.6\"}\n");
    static const char *const samr[] = {"samr", NULL}, *const dcom[] = {"IRemUnknown2", NULL};
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, samr, NULL));
    g_assert_cmpuint(judge_said(j, "\"conn\""), ==, 0);
    g_string_truncate(j->lines, 0);
    judge_client(j, c, pdu_binding_from(PDU_ALTER_CONTEXT, 2, 1, dcom, NULL));
    // With the first evidence, what was seen before.
    g_auto(GStrv) lines = g_strsplit(j->lines->str, "\n", -1);
    g_assert_true(g_str_has_prefix(lines[0], "{\"event\":\"conn\",\"conn\":1,\"frame\":2,"));
    g_assert_true(g_str_has_prefix(lines[1], "{\"event\":\"bind\",\"conn\":1,\"frame\":1,"));
    g_assert_true(
        g_str_has_prefix(lines[2], "{\"event\":\"evidence\",\"conn\":1,\"frame\":2,\"kind\":\"dcom-interface\""));
    g_assert_true(g_str_has_prefix(lines[3], "{\"event\":\"bind\",\"conn\":1,\"frame\":2,"));
    g_assert_true(g_str_has_prefix(lines[4], "{\"event\":\"state\",\"conn\":1,\"frame\":2,\"closed\":false,"));
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 1);
    judge_client(j, c, pdu_binding_from(PDU_ALTER_CONTEXT, 3, 2, dcom, NULL)); // no news
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 1);
    judge_client(j, c, pdu_binding_from(PDU_ALTER_CONTEXT, 4, 3, wmi, NULL));
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 2);
    g_string_truncate(j->lines, 0);
    announce_done(j->announcer);
    g_assert_cmpuint(judge_said(j, "\"event\":\"end\""), ==, 1);
    g_assert_true(g_str_has_suffix(j->lines->str, "{\"event\":\"done\"}\n"));
    // The capture is read again.
    announcer_reset(j->announcer);
    g_string_truncate(j->lines, 0);
    announce_done(j->announcer);
    g_assert_cmpstr(j->lines->str, ==, "{\"event\":\"done\"}\n");
}

static void test_closing(void)
{
    static const TcpEnd fins[] = {{7, 0, true, false}, {8, 1, true, false}, {9, 0, false, false}, {10, 1, false, true}};
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j), *reset = session(j), *unknown = judge_connect(j, 1, 2, 49000);
    g_string_truncate(j->lines, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(fins); i++) {
        announce_tcp(j->announcer, c, &fins[i]);
        g_assert_cmpuint(judge_said(j, "\"closed\":true"), ==, i >= 2); // once, with what follows both ends' FIN
    }
    announce_tcp(j->announcer, reset, &fins[3]);
    g_assert_cmpuint(judge_said(j, "\"closed\":true"), ==, 2);
    announce_tcp(j->announcer, unknown, &fins[3]);
    g_assert_cmpuint(judge_said(j, "\"closed\":true"), ==, 2);
}

/** What a capture from two interfaces holds of a conversation. */
static void test_parts(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    const Frame frames[] = {
        {.number = 10, .interface_id = 1, .side = 0}, {.number = 11, .side = 1}, {.number = 12, .interface_id = 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        conversation_count(c, j->pool, &frames[i]);
    announce_done(j->announcer);
    g_assert_nonnull(strstr(
        j->lines->str, "\"parts\":[{\"first\":1,\"last\":11,\"frames\":3},{\"first\":10,\"last\":12,\"frames\":2}]"));
}

/** A capture may have any number of interfaces; as many count as readers of events take. */
static void test_many_parts(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    for (uint32_t i = 0; i < 2 * EVENT_LIST_MAX; i++) {
        const Frame frame = {.number = 100 + i, .interface_id = i, .side = 0};
        conversation_count(c, j->pool, &frame);
    }
    g_assert_cmpuint(wmem_array_get_count(c->parts), ==, EVENT_LIST_MAX);
    g_assert_cmpuint(c->frames, ==, 2 + 2 * EVENT_LIST_MAX);
    const ConversationPart *last = wmem_array_index(c->parts, EVENT_LIST_MAX - 1);
    g_assert_cmpuint(last->interface_id, ==, EVENT_LIST_MAX - 1);
}

/** The lowest number is that of the whole, in whatever order they come together. */
static void test_activity(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c[4];
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++)
        c[i] = session(j);
    g_auto(StubBuilder) stub = sb_request(false);
    static const size_t order[] = {3, 2, 0, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        (void) judge_call(j, c[order[i]], SERVICES, 3, &object, &stub); // all with one causality id
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++)
        g_assert_cmpuint(conversation_activity(c[i]), ==, 1);
}

/** A state is told when confidence, activity or activation change, and only then. */
static void test_state(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *scm = judge_connect(j, 1, ACTIVATED_HOST, 135);
    (void) judge_bind(j, scm, NAMES("IRemoteActivation"), NULL);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 1);
    g_auto(StubBuilder) asked = stub_activation(&clsid_wmi, &iid_login), given = stub_activated(2, &iid_login);
    const Call *call = judge_call(j, scm, 0, 0, NULL, &asked)->call;
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 2); // from DCOM to WMI
    (void) judge_answer(j, scm, &given);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 2);
    g_string_truncate(j->lines, 0);

    Conversation *to = judge_connect(j, 1, ACTIVATED_HOST, ACTIVATED_PORT);
    (void) judge_bind(j, to, NAMES("IRemUnknown2"), NULL);
    g_autofree char *state = g_strdup_printf(
        "{\"event\":\"state\",\"conn\":2,\"frame\":%u,\"closed\":false,\"activity\":1,\"confidence\":\"wmi\","
        "\"verdict\":\"attempt\",\"verdict_reason\":\"one-sided\",\"activation_conn\":1,\"activation_frame\":%u,"
        "\"activation_call\":%u,\"callback\":false,",
        j->frame - 1, call->frame, call->id);
    g_assert_cmpuint(judge_said(j, state), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"kind\":\"oxid-endpoint\""), ==, 1);

    // The activation alone: of a connection that belonged to the activity before.
    g_auto(StubBuilder) same = sb_request(false), other = sb_request(false);
    memset(other.bytes->data + 12, 9, 16);
    Conversation *elsewhere = judge_connect(j, 1, ACTIVATED_HOST, 60000);
    (void) judge_bind(j, elsewhere, NAMES("IWbemLevel1Login"), NULL);
    (void) judge_call(j, elsewhere, 0, 3, &object, &same);
    g_string_truncate(j->lines, 0);
    (void) judge_call(j, elsewhere, 0, 3, &ipid_login, &other);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\",\"conn\":3,"), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"activation_conn\":1,"), ==, 1);
    g_string_truncate(j->lines, 0);
    (void) judge_call(j, elsewhere, 0, 3, &ipid_login, &other);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\""), ==, 0);

    // Another activity, by a causality id: that of the lower number.
    Conversation *late = session(j);
    g_auto(StubBuilder) stub = sb_request(false); // with the causality id of the activation
    g_string_truncate(j->lines, 0);
    (void) judge_call(j, late, SERVICES, 3, &object, &stub);
    g_assert_cmpuint(judge_said(j, "\"event\":\"state\",\"conn\":4,"), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"activity\":1,"), ==, 1);
}

/** What the PDUs of calls are announced as. */
static void test_calls(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_string_truncate(j->lines, 0);
    static const uint8_t stub[8] = {5, 0, 7};
    PbCall call = {.flags = PFC_FIRST_FRAG,
                   .call_id = 9,
                   .context_id = SERVICES,
                   .opnum = 20,
                   .object = &object,
                   .stub = stub,
                   .stub_len = sizeof(stub)};
    (void) judge_client(j, c, pb_request(&call));
    g_assert_cmpuint(judge_said(j, "\"event\":\"call\""), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"call\":1,\"time\":\"2020-08-06T08:00:03.000000Z\","), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"interface\":\"IWbemServices\",\"interface_source\":\"bind\",\"opnum\":20,"
                                   "\"method\":\"ExecQuery\",\"stage\":\"query\","),
                     ==, 1);
    g_assert_cmpuint(judge_said(j, "\"server_pid\":2688,"), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"auth\":{\"type\":\"none\",\"level\":\"none\"},\"sealed\":false}"), ==, 1);
    call.flags = PFC_LAST_FRAG;
    (void) judge_client(j, c, pb_request(&call));
    g_assert_cmpuint(judge_said(j, "{\"event\":\"fragment\",\"conn\":1,\"frame\":4,\"call\":1,\"of\":\"request\"}\n"
                                   "{\"event\":\"undecodable\",\"conn\":1,\"frame\":4,\"call\":1,\"of\":\"request\","),
                     ==, 1);
    g_string_truncate(j->lines, 0);
    call.flags = PFC_FIRST_FRAG;
    (void) judge_server(j, c, pb_response(&call));
    g_assert_cmpuint(judge_said(j, "\"event\":\"response\",\"conn\":1,\"frame\":5,\"call\":1,\"sealed\":false,"
                                   "\"fault\":false}"),
                     ==, 1);
    (void) judge_server(j, c, pb_fault(&call, 5));
    g_assert_cmpuint(judge_said(j, "{\"event\":\"fragment\",\"conn\":1,\"frame\":6,\"call\":1,\"of\":\"response\"}\n"
                                   "{\"event\":\"outcome\",\"conn\":1,\"frame\":6,\"call\":1,\"status\":5,"),
                     ==, 1);
    // A call of which the beginning was not captured begins with a fragment.
    g_string_truncate(j->lines, 0);
    call.flags = 0x40;
    call.call_id++;
    (void) judge_client(j, c, pb_request(&call));
    g_assert_cmpuint(judge_said(j, "\"event\":\"call\""), ==, 0);
    g_assert_cmpuint(judge_said(j, "\"event\":\"fragment\",\"conn\":1,\"frame\":7,\"call\":2,"), ==, 1);
}

/** Whatever a client writes stands escaped within its line. */
static void test_hostile_text(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_string_truncate(j->lines, 0);
    g_auto(StubBuilder) stub = stub_login("\"}\n{\"event\":\"done\"}\n\\\x01\u2028", "\"");
    (void) judge_call(j, c, LOGIN, 6, &object, &stub);
    g_assert_cmpuint(judge_said(j, "\n{\"event\":\"done\"}"), ==, 0);
    g_assert_cmpuint(judge_said(j, "\"namespace\":\"\\\"}\\n{\\\"event\\\":\\\"done\\\"}\\n\\\\\\u0001"), ==, 1);
    g_assert_cmpuint(judge_said(j, "\"locale\":\"\\\"\""), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/announce/announcements", test_announcements);
    g_test_add_func("/judge/announce/state", test_state);
    g_test_add_func("/judge/announce/calls", test_calls);
    g_test_add_func("/judge/announce/hostile-text", test_hostile_text);
    g_test_add_func("/judge/announce/closing", test_closing);
    g_test_add_func("/judge/announce/parts", test_parts);
    g_test_add_func("/judge/announce/many-parts", test_many_parts);
    g_test_add_func("/judge/announce/activity", test_activity);
    return g_test_run();
}
