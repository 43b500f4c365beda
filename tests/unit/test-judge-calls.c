// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: their fragments and answers, what they say where they can be read, and what is announced of it all.

#include "judge-fixture.h"

static const char *const wmi[] = {"IWbemLevel1Login", "IWbemLoginClientID", "IWbemServices", "IRemUnknown2", NULL};
enum { LOGIN, CLIENT_ID, SERVICES, REMUNKNOWN };
static const uint16_t good[] = {0, 0, 0, 0};
static const Guid object = {0x00000001, 0x0a80, 0xffff, {1}}, services = {0x00000002, 0x0a80, 0xffff, {2}};

static Conversation *session(Judge *j)
{
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, wmi, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 4, NULL));
    return c;
}

static PduResult *ask(Judge *j, Conversation *c, uint32_t id, uint16_t context, uint16_t opnum, const StubBuilder *stub)
{
    const Request r = {.call_id = id, .context_id = context, .opnum = opnum, .object = &object};
    return judge_client(j, c, pdu_call(&r, stub));
}

static PduResult *answer(Judge *j, Conversation *c, uint32_t id, const StubBuilder *stub)
{
    const Request r = {.call_id = id};
    return judge_server(j, c, pdu_answer(&r, stub));
}

static void log_in(Judge *j, Conversation *c, const char *namespace_path, const char *locale)
{
    g_auto(StubBuilder) asked = stub_login(namespace_path, locale), given = stub_logged_in(&services);
    PduResult *r = ask(j, c, 100, LOGIN, 6, &asked);
    g_assert_cmpstr(r->details->namespace_path, ==, namespace_path);
    PduResult *a = answer(j, c, 100, &given);
    g_assert_true(a->has_status && a->status == 0);
}

// ---- fragments

/** A stub in pieces of so many bytes. */
static void in_pieces(Judge *j, Conversation *c, guint size, const char *namespace_path)
{
    g_auto(StubBuilder) whole = stub_login(namespace_path, NULL);
    PduResult *r = NULL;
    for (guint at = 0; at < whole.bytes->len; at += size) {
        g_auto(StubBuilder) piece = sb_new(false);
        guint len = MIN(size, whole.bytes->len - at);
        g_byte_array_append(piece.bytes, whole.bytes->data + at, len);
        bool first = at == 0, last = at + len == whole.bytes->len;
        const Request request = {
            .call_id = 5,
            .context_id = LOGIN,
            .opnum = 6,
            .object = &object,
            .flags = (uint8_t) ((first ? PFC_FIRST_FRAG : 0x40) | (last ? PFC_LAST_FRAG : 0)),
        };
        r = judge_client(j, c, pdu_call(&request, &piece));
        g_assert_cmpint(r->begins_call, ==, first);
        g_assert_cmpint(r->details != NULL, ==, last);
    }
    g_assert_cmpstr(r->details->namespace_path, ==, namespace_path);
    // The end of a message once more completes nothing.
    g_auto(StubBuilder) tail = sb_new(false);
    sb_u32(&tail, 0);
    const Request again = {.call_id = 5, .context_id = LOGIN, .opnum = 6, .object = &object, .flags = 0x42};
    g_assert_null(judge_client(j, c, pdu_call(&again, &tail))->details);
}

static void test_fragments(void)
{
    static const guint sizes[] = {1, 7, 40, 64};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = session(j);
        in_pieces(j, c, sizes[i], "\\\\S\\root\\cimv2");
        g_assert_cmpuint(judge_said(j, "\"event\":\"login\""), ==, 1);
        g_assert_cmpuint(judge_said(j, "\"event\":\"call\""), ==, 1);
    }
}

/** Two messages beside each other; a call id that is used again is another call. */
static void test_call_ids(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_auto(StubBuilder) asked = stub_login("root", NULL), given = stub_logged_in(&services);
    PduResult *one = ask(j, c, 5, LOGIN, 6, &asked), *two = ask(j, c, 6, LOGIN, 6, &asked);
    g_assert_true(one->call != two->call && one->call->id + 1 == two->call->id);
    g_assert_true(answer(j, c, 6, &given)->call == two->call);
    g_assert_true(answer(j, c, 5, &given)->call == one->call);
    PduResult *three = ask(j, c, 5, LOGIN, 6, &asked);
    g_assert_true(three->call != one->call);
    g_assert_null(answer(j, c, 99, &given));
    // The second answer is none.
    g_auto(StubBuilder) denied = sb_response(false);
    sb_interface(&denied, NULL);
    sb_u32(&denied, 0x80041003);
    g_assert_cmpuint(answer(j, c, 5, &denied)->status, ==, 0x80041003);
    PduResult *again = answer(j, c, 5, &given);
    g_assert_false(again->has_status || again->begins_answer);
    g_assert_cmpuint(judge_said(j, "\"status\":0,"), ==, 2);
}

static void test_hopeless_messages(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_auto(StubBuilder) piece = sb_new(false);
    g_byte_array_set_size(piece.bytes, 60000);
    memset(piece.bytes->data, 'x', piece.bytes->len);
    for (unsigned i = 0; i < 100; i++) { // 6 MB: more than a message may have
        const Request r = {
            .call_id = 5, .context_id = SERVICES, .opnum = 20, .object = &object, .flags = i ? 0x40 : 0x41};
        g_assert_nonnull(judge_client(j, c, pdu_call(&r, &piece)));
    }
    const Request last = {.call_id = 5, .context_id = SERVICES, .opnum = 20, .object = &object, .flags = 0x42};
    PduResult *r = judge_client(j, c, pdu_call(&last, &piece));
    g_assert_true(!r->details && !r->call->stub);
}

// ---- what calls say

static void test_login(void)
{
    static const struct {
        const char *namespace_path, *locale, *host;
        bool silent;
    } cases[] = {
        {"//./root/cimv2", NULL, NULL, true},
        {"\\\\S\\root\\cimv2", "en-US,en", "WS05", false},
        {"\\\\S\\root\\cimv2", "ms_409,en-US", "WS05", false},
        {"\\\\S\\root\\cimv2", NULL, "", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = session(j);
        if (cases[i].host) {
            g_auto(StubBuilder) info = stub_client_info(cases[i].host, 7240);
            PduResult *r = ask(j, c, 50, CLIENT_ID, 3, &info);
            g_assert_true(r->details->has_client);
            g_assert_cmpstr(r->details->client_host, ==, cases[i].host);
            g_assert_cmpuint(r->details->client_pid, ==, 7240);
        }
        g_auto(StubBuilder) asked = stub_login(cases[i].namespace_path, cases[i].locale);
        g_auto(StubBuilder) given = stub_logged_in(&services);
        PduResult *r = ask(j, c, 100, LOGIN, 6, &asked);
        g_assert_cmpint(r->client_silent, ==, cases[i].silent);
        g_assert_cmpint(r->client != NULL, ==, !cases[i].silent);
        g_assert_cmpstr(r->details->locale, ==, cases[i].locale);
        answer(j, c, 100, &given);
        // What is called on the pointer that the login gave belongs to its namespace.
        g_auto(StubBuilder) stub = sb_request(false);
        const Request request = {.call_id = 101, .context_id = SERVICES, .opnum = 24, .object = &services};
        PduResult *p = judge_client(j, c, pdu_call(&request, &stub));
        g_assert_cmpstr(p->call->namespace_path, ==, cases[i].namespace_path);
        g_assert_true(p->call->origin == r->call);
        g_assert_cmpint(p->technique, ==, TECHNIQUE_WMI);
        g_assert_nonnull(p->undecodable); // an empty stub
    }
}

static void test_query(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    log_in(j, c, "\\\\S\\root\\subscription", NULL);
    g_auto(StubBuilder) stub = sb_request(false);
    sb_bstr(&stub, "WQL");
    sb_bstr(&stub, "SELECT * FROM Win32_Process");
    sb_u32(&stub, 0x30);
    sb_interface(&stub, NULL);
    const Request request = {.call_id = 101, .context_id = SERVICES, .opnum = 20, .object = &services};
    PduResult *r = judge_client(j, c, pdu_call(&request, &stub));
    g_assert_cmpstr(r->details->query, ==, "SELECT * FROM Win32_Process");
    g_assert_cmpstr(r->details->query_language, ==, "WQL");
    g_assert_cmpint(r->technique, ==, TECHNIQUE_NONE);
    g_assert_cmpint(r->call->method->stage, ==, STAGE_QUERY);
    // Whatever is written to this namespace is a subscription, sealed or not.
    const Request put = {
        .call_id = 102, .context_id = SERVICES, .opnum = 14, .object = &services, .verifier = {10, 6, 1, NULL}};
    r = judge_client(j, c, pdu_call(&put, &stub));
    g_assert_true(r->sealed && !r->details);
    g_assert_cmpint(r->technique, ==, TECHNIQUE_SUBSCRIPTION);
}

/** RemQueryInterface hands out pointers of the interfaces that were asked for. */
static void test_query_interface(void)
{
    static const Guid given = {0x77, 0x0a80, 0xffff, {7}};
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_auto(StubBuilder) asked = sb_request(false), answered = sb_response(false);
    sb_guid(&asked, &object);
    sb_u32(&asked, 5);
    sb_uint(&asked, 1, 2);
    sb_align(&asked, 4);
    sb_u32(&asked, 1);
    sb_guid(&asked, &sb_iid_services);
    sb_u32(&answered, 0x20000);
    sb_u32(&answered, 1);
    sb_u32(&answered, 0); // hResult
    sb_align(&answered, 8);
    sb_u32(&answered, 0); // STDOBJREF
    sb_u32(&answered, 5);
    sb_uint(&answered, 1, 8);
    sb_uint(&answered, 2, 8);
    sb_guid(&answered, &given);
    sb_u32(&answered, 0);
    ask(j, c, 9, REMUNKNOWN, 3, &asked);
    answer(j, c, 9, &answered);
    Conversation *other = judge_connect(j, 1, 2, 60000);
    g_auto(StubBuilder) stub = sb_request(false);
    memset(stub.bytes->data + 12, 9, 16);
    const Request r = {.call_id = 1, .opnum = 24, .object = &given};
    PduResult *p = judge_client(j, other, pdu_call(&r, &stub));
    g_assert_cmpstr(p->call->interface->name, ==, "IWbemServices");
    g_assert_cmpint(other->confidence, ==, CONFIDENCE_WMI);
}

/** The length of a command line that is sealed. */
static void test_estimate(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = session(j);
    g_auto(StubBuilder) info = stub_client_info("WS05", 7240);
    ask(j, c, 50, CLIENT_ID, 3, &info);
    log_in(j, c, "\\\\S\\root\\cimv2", "en-US,en");
    const guint get = 68 + 2 * 13, execute = 1905 + 40, trailer = 52;
    for (int first = 1; first >= 0; first--) {
        g_auto(StubBuilder) path = sb_new(false), create = sb_new(false);
        g_byte_array_set_size(path.bytes, get + (first ? trailer : 0));
        g_byte_array_set_size(create.bytes, execute);
        const Verifier sealed = {10, AUTH_LEVEL_PRIVACY, 1, NULL};
        const Request read = {
            .call_id = 101, .context_id = SERVICES, .opnum = 6, .object = &services, .verifier = sealed};
        const Request run = {
            .call_id = 102, .context_id = SERVICES, .opnum = 24, .object = &services, .verifier = sealed};
        g_assert_cmpuint(judge_client(j, c, pdu_call(&read, &path))->command_length, ==, 0);
        g_assert_cmpuint(judge_client(j, c, pdu_call(&run, &create))->command_length, ==, 40);
    }
}

// ---- what is announced

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
        ask(j, c[order[i]], 5, SERVICES, 3, &stub); // all with one causality id
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++)
        g_assert_cmpuint(conversation_activity(c[i]), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/calls/fragments", test_fragments);
    g_test_add_func("/judge/calls/ids", test_call_ids);
    g_test_add_func("/judge/calls/hopeless-messages", test_hopeless_messages);
    g_test_add_func("/judge/calls/login", test_login);
    g_test_add_func("/judge/calls/query", test_query);
    g_test_add_func("/judge/calls/query-interface", test_query_interface);
    g_test_add_func("/judge/calls/estimate", test_estimate);
    g_test_add_func("/judge/announce", test_announcements);
    g_test_add_func("/judge/announce/closing", test_closing);
    g_test_add_func("/judge/announce/parts", test_parts);
    g_test_add_func("/judge/announce/activity", test_activity);
    return g_test_run();
}
