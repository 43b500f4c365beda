// SPDX-License-Identifier: GPL-2.0-or-later
// Requests and responses: which PDUs belong together, and when a message is whole.
#include "activation-builder.h"
#include "judge-fixture.h"
#include "judge/tracker.h"

#define FIRST PFC_FIRST_FRAG
#define MIDDLE 0x40 ///< neither first nor last; a flag that says nothing here
#define LAST PFC_LAST_FRAG
#define EXEC_QUERY 20

static const Guid object = {0x1401, 0x0a80, 0xffff, {8, 8, 8, 8, 8, 8, 8, 8}};

/** The response to a query: an enumerator. */
static StubBuilder enumerator(uint32_t ipid)
{
    const Guid handed = windows_ipid(ipid);
    return stub_handed_out("IEnumWbemClassObject", &handed);
}

static Conversation *connect_services(Judge *j)
{
    Conversation *c = judge_connect(j, 1, 2, 49668);
    (void) judge_bind(j, c, NAMES("IWbemServices"), NULL);
    return c;
}

/** A PDU with bytes `from` to `to` of the stub. */
static GByteArray *fragment(PduType type, uint32_t call_id, uint8_t flags, const StubBuilder *s, size_t from, size_t to)
{
    const PbCall call = {.flags = flags,
                         .call_id = call_id,
                         .opnum = EXEC_QUERY,
                         .object = &object,
                         .stub = s->bytes->data + from,
                         .stub_len = to - from};
    return type == PDU_REQUEST ? pb_request(&call) : pb_response(&call);
}

static PduResult *ask(Judge *j, Conversation *c, uint32_t call_id, uint8_t flags, const StubBuilder *s, size_t from,
                      size_t to)
{
    return judge_client(j, c, fragment(PDU_REQUEST, call_id, flags, s, from, to));
}

static const char *query_of(const PduResult *r)
{
    return r->details ? r->details->query : NULL;
}

/** One message in fragments of all sizes, in either direction. */
static void test_fragments(void)
{
    g_auto(StubBuilder) s = stub_query("SELECT * FROM Win32_Process");
    g_auto(StubBuilder) answer = enumerator(0x51);
    for (size_t size = 1; size < s.bytes->len; size += 7) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_services(j);
        const PduResult *r = NULL;
        const Call *call = NULL;
        for (size_t at = 0; at < s.bytes->len; at += size) {
            g_assert_true(!r || !r->details);
            size_t end = MIN(at + size, s.bytes->len);
            uint8_t flags = (uint8_t) ((at == 0 ? FIRST : MIDDLE) | (end == s.bytes->len ? LAST : 0));
            r = ask(j, c, 5, flags, &s, at, end);
            g_assert_true(r->begins_call == (at == 0));
            g_assert_true(!call || r->call == call);
            call = r->call;
        }
        g_assert_cmpstr(query_of(r), ==, "SELECT * FROM Win32_Process");
        g_assert_cmpstr(r->details->query_language, ==, "WQL");
        g_assert_true(call->details == r->details);
        for (size_t at = 0; at < answer.bytes->len; at += size) {
            size_t end = MIN(at + size, answer.bytes->len);
            uint8_t flags = (uint8_t) ((at == 0 ? FIRST : MIDDLE) | (end == answer.bytes->len ? LAST : 0));
            r = judge_server(j, c, fragment(PDU_RESPONSE, 5, flags, &answer, at, end));
            g_assert_true(r->begins_answer == (at == 0));
            g_assert_true(!r->outcome == (end < answer.bytes->len));
        }
        g_assert_cmpuint(r->outcome->n_references, ==, 1);
        g_assert_true(call->answered);
        g_assert_cmpuint(call->id, ==, 1);
    }
}

/** A last fragment that comes again, after the request was whole, does not make it whole twice. */
static void test_last_fragment_again(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM Win32_Process");
    (void) ask(j, c, 5, FIRST, &s, 0, 40);
    g_assert_nonnull(query_of(ask(j, c, 5, LAST, &s, 40, s.bytes->len)));
    const PduResult *again = ask(j, c, 5, LAST, &s, 40, s.bytes->len);
    g_assert_null(again->details);
    g_assert_null(again->undecodable);
    g_assert_cmpint(technique_of(again), ==, TECHNIQUE_NONE);
}

/** Calls that are not finished make room for those that come after them, and it is said. */
static void test_unfinished(void)
{
    enum { CALLS = 100, PARTS = 16, PART = 60000 }; // some 90 MiB
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM Win32_Process");
    g_autofree char *text = g_strnfill((gsize) PARTS * PART / 2, 'x');
    g_auto(StubBuilder) large = stub_query(text);
    for (unsigned i = 0; i < CALLS; i++) {
        for (size_t part = 0; part < PARTS; part++)
            (void) ask(j, c, 10 + i, part ? MIDDLE : FIRST, &large, part * PART, (part + 1) * PART);
        g_assert_cmpuint(j->tracker->fragment_bytes, <=, 32u << 20);
    }
    size_t end = large.bytes->len, rest = (size_t) PARTS * PART;
    static const char too_many[] = "too many calls were unfinished for its fragments to be kept";
    g_assert_cmpstr(ask(j, c, 10, LAST, &large, rest, end)->undecodable, ==, too_many);
    g_assert_cmpstr(ask(j, c, 10 + CALLS - 1, LAST, &large, rest, end)->undecodable, !=, too_many);
    (void) ask(j, c, 5, FIRST, &s, 0, 40);
    g_assert_cmpstr(query_of(ask(j, c, 5, LAST, &s, 40, s.bytes->len)), ==, "SELECT * FROM Win32_Process");
}

/** Where a fragment is missing, the message is none. */
static void test_missing_fragment(void)
{
    g_auto(StubBuilder) s = stub_query("SELECT * FROM Win32_Process");
    for (unsigned lost = 0; lost < 3; lost++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_services(j);
        const size_t ends[] = {0, 40, 80, s.bytes->len};
        static const uint8_t flags[] = {FIRST, MIDDLE, LAST};
        for (unsigned i = 0; i < 3; i++) {
            GByteArray *pdu = fragment(PDU_REQUEST, 5, flags[i], &s, ends[i], ends[i + 1]);
            const PduResult *r = i == lost ? judge_snapped(j, c, 0, pdu, pdu->len - 1) : judge_client(j, c, pdu);
            g_assert_null(query_of(r));
            g_assert_null(r->undecodable);
        }
    }
}

/** Calls of one conversation whose fragments and answers alternate. */
static void test_interleaved(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) one = stub_query("SELECT * FROM One"), two = stub_query("SELECT * FROM Two");
    const Call *first = ask(j, c, 5, FIRST, &one, 0, 50)->call;
    const Call *second = ask(j, c, 6, FIRST, &two, 0, 60)->call;
    g_assert_true(first != second);
    const PduResult *r = ask(j, c, 5, LAST, &one, 50, one.bytes->len);
    g_assert_true(r->call == first);
    g_assert_cmpstr(query_of(r), ==, "SELECT * FROM One");
    r = ask(j, c, 6, LAST, &two, 60, two.bytes->len);
    g_assert_true(r->call == second);
    g_assert_cmpstr(query_of(r), ==, "SELECT * FROM Two");
    g_auto(StubBuilder) answer = enumerator(0x51);
    r = judge_server(j, c, fragment(PDU_RESPONSE, 6, FIRST | LAST, &answer, 0, answer.bytes->len));
    g_assert_true(r->call == second && second->answered && !first->answered);
    r = judge_server(j, c, fragment(PDU_RESPONSE, 5, FIRST | LAST, &answer, 0, answer.bytes->len));
    g_assert_true(r->call == first);
}

/** A call id that is used again is that of a new call: with a first fragment, or after an answer. */
static void test_reused_id(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM One");
    const Call *first = ask(j, c, 5, FIRST, &s, 0, 50)->call;
    const PduResult *r = ask(j, c, 5, FIRST | LAST, &s, 0, s.bytes->len);
    g_assert_true(r->begins_call && r->call != first);
    g_assert_cmpuint(r->call->id, ==, first->id + 1);
    g_assert_nonnull(query_of(r));
    const Call *second = r->call;
    g_assert_true(judge_server(j, c, pb_fault(&(PbCall){.call_id = 5}, 0x1c010003))->call == second);
    r = ask(j, c, 5, MIDDLE, &s, 50, 60); // its beginning was not captured
    g_assert_true(r->begins_call && r->call != second);
    g_assert_cmpuint(r->call->id, ==, second->id + 1);
}

/** What is known of a call at once. */
static void test_call(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM One");
    const PduResult *r = ask(j, c, 5, FIRST | LAST, &s, 0, s.bytes->len);
    const Call *call = r->call;
    g_assert_cmpuint(call->frame, ==, r->frame);
    g_assert_cmpuint(call->opnum, ==, EXEC_QUERY);
    g_assert_true(guid_equal(&call->object, &object));
    g_assert_cmpuint(call->server_pid, ==, 0x0a80);
    g_assert_cmpuint(call->response_frame, ==, 0);
    g_assert_cmpint(call->time.secs, ==, c->first_time.secs + 2);
    char *method = call_method_text(j->pool, call);
    g_assert_cmpstr(method, ==, "IWbemServices::ExecQuery");
    const PduResult *fault = judge_server(j, c, pb_fault(&(PbCall){.call_id = 5}, 5));
    g_assert_cmpuint(call->response_frame, ==, fault->frame);
    g_assert_true(fault->has_status && fault->begins_answer && pdu_denied(fault));
    g_assert_cmphex(fault->status, ==, 5);
}

/** The time of a call is that of its frame, even where a frame before bears a later one. */
static void test_time(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    const Frame late = {.number = ++j->frame, .time = {.secs = 1900000000}, .length = 60};
    conversation_count(c, j->pool, &late);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM One");
    const Call *call = ask(j, c, 5, FIRST | LAST, &s, 0, s.bytes->len)->call;
    g_assert_cmpint(call->time.secs, <, 1900000000);
    g_assert_cmpint(c->last_time.secs, ==, 1900000000);
}

/** Process ids are taken from IPIDs that look like Windows's. */
static void test_server_pid(void)
{
    static const struct {
        Guid ipid;
        uint16_t pid;
    } cases[] = {
        {{0x00001401, 0x0a80, 0xffff, {0}}, 0x0a80}, {{0x00001401, 0x0a80, 0x0000, {0}}, 0x0a80},
        {{0x00001401, 0x0a80, 0x0124, {0}}, 0x0a80}, {{0x00001401, 0x0a81, 0xffff, {0}}, 0},
        {{0x00001401, 0x0a80, 0x0125, {0}}, 0},      {{0x01001401, 0x0a80, 0xffff, {0}}, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        const PduResult *r = judge_call(j, connect_services(j), 0, 3, &cases[i].ipid, NULL);
        g_assert_cmpuint(r->call->server_pid, ==, cases[i].pid);
    }
}

/** Answers without a request, and what follows an answer. */
static void test_answers(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM One"), answer = enumerator(0x51);
    g_assert_null(judge_server(j, c, fragment(PDU_RESPONSE, 5, FIRST | LAST, &answer, 0, answer.bytes->len)));
    const Call *call = ask(j, c, 5, FIRST | LAST, &s, 0, s.bytes->len)->call;
    const PduResult *r = judge_server(j, c, fragment(PDU_RESPONSE, 5, FIRST | LAST, &answer, 0, answer.bytes->len));
    g_assert_true(r->begins_answer && r->outcome);
    for (unsigned i = 0; i < 2; i++) {
        const PduResult *second =
            i ? judge_server(j, c, pb_fault(&(PbCall){.call_id = 5}, 5))
              : judge_server(j, c, fragment(PDU_RESPONSE, 5, FIRST | LAST, &answer, 0, answer.bytes->len));
        g_assert_false(second->begins_answer || second->outcome || second->has_status);
        g_assert_true(second->call == call);
    }
    g_assert_cmpuint(call->response_frame, ==, r->frame);
}

/** A response that was cut off was an answer all the same: what is sent as a second one does not count. */
static void test_snapped_answer(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = stub_query("SELECT * FROM One"), answer = enumerator(0x51);
    const Verifier sealed = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    for (unsigned form = 0; form < 2; form++) {
        const Call *call = ask(j, c, 5, FIRST | LAST, &s, 0, s.bytes->len)->call;
        GByteArray *pdu = fragment(PDU_RESPONSE, 5, FIRST | LAST, &answer, 0, answer.bytes->len);
        const PbCall sealed_answer = {.call_id = 5, .stub = answer.bytes->data, .stub_len = 16, .verifier = &sealed};
        if (form == 0) {
            (void) judge_snapped(j, c, 1, pdu, 40);
            g_assert_false(call->answered); // not to be known: that was the last fragment of what was captured only
        } else {
            g_byte_array_unref(pdu);
            (void) judge_server(j, c, pb_response(&sealed_answer));
            g_assert_true(call->answered);
        }
    }
}

/** Several PDUs in one frame: each has its result, in their order. */
static void test_one_frame(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) one = stub_query("SELECT * FROM One"), two = stub_query("SELECT * FROM Two");
    GByteArray *const pdus[] = {
        fragment(PDU_REQUEST, 5, FIRST | LAST, &one, 0, one.bytes->len),
        fragment(PDU_REQUEST, 6, FIRST | LAST, &two, 0, two.bytes->len),
        pb_fault(&(PbCall){.call_id = 99}, 5), // of no call: no result
        fragment(PDU_REQUEST, 7, FIRST | LAST, &one, 0, one.bytes->len),
    };
    const PduResult *r = judge_frame(j, c, 0, pdus, G_N_ELEMENTS(pdus));
    g_assert_cmpstr(query_of(r), ==, "SELECT * FROM One");
    g_assert_cmpstr(query_of(r->next), ==, "SELECT * FROM Two");
    g_assert_cmpstr(query_of(r->next->next), ==, "SELECT * FROM One");
    g_assert_null(r->next->next->next);
    g_assert_cmpuint(r->frame, ==, r->next->next->frame);
    g_assert_cmpuint(wmem_array_get_count(c->results), ==, 2 + 3);
}

/** Big endian clients are read as well. */
static void test_big_endian(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = sb_request(true);
    sb_bstr(&s, "WQL");
    sb_bstr(&s, "SELECT * FROM One");
    sb_u32(&s, 0x30);
    sb_interface(&s, NULL);
    g_assert_cmpstr(query_of(judge_call(j, c, 0, EXEC_QUERY, &object, &s)), ==, "SELECT * FROM One");
}

/** A message has an end, whatever a client sends: what is longer is not kept, and calls after it are read. */
static void test_too_long(void)
{
    enum { FRAGMENT = 60000, LIMIT = 4 << 20 };
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_auto(StubBuilder) s = sb_new(false);
    g_byte_array_set_size(s.bytes, FRAGMENT);
    memset(s.bytes->data, 'A', FRAGMENT);
    Call *call = ask(j, c, 5, FIRST, &s, 0, FRAGMENT)->call;
    for (size_t sent = FRAGMENT; sent + FRAGMENT <= LIMIT; sent += FRAGMENT) {
        (void) ask(j, c, 5, MIDDLE, &s, 0, FRAGMENT);
        g_assert_cmpuint(wmem_array_get_count(call->stub), ==, sent + FRAGMENT);
    }
    g_assert_cmpstr(ask(j, c, 5, MIDDLE, &s, 0, FRAGMENT)->undecodable, ==, "more fragments than are put together");
    g_assert_null(call->stub);
    g_assert_null(ask(j, c, 5, MIDDLE, &s, 0, FRAGMENT)->undecodable);
    g_assert_null(call->stub);
    g_assert_cmpuint(j->tracker->fragment_bytes, ==, 0);
    g_auto(StubBuilder) next = stub_query("SELECT * FROM One");
    g_assert_nonnull(query_of(ask(j, c, 6, FIRST | LAST, &next, 0, next.bytes->len)));
}

/** Calls are numbered over all conversations. */
static void test_numbers(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *one = connect_services(j), *two = connect_services(j);
    for (uint32_t i = 0; i < 6; i++)
        g_assert_cmpuint(judge_call(j, i % 2 ? one : two, 0, 3, &object, NULL)->call->id, ==, i + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/calls/fragments", test_fragments);
    g_test_add_func("/judge/calls/last-fragment-again", test_last_fragment_again);
    g_test_add_func("/judge/calls/missing-fragment", test_missing_fragment);
    g_test_add_func("/judge/calls/unfinished", test_unfinished);
    g_test_add_func("/judge/calls/interleaved", test_interleaved);
    g_test_add_func("/judge/calls/reused-id", test_reused_id);
    g_test_add_func("/judge/calls/call", test_call);
    g_test_add_func("/judge/calls/time", test_time);
    g_test_add_func("/judge/calls/server-pid", test_server_pid);
    g_test_add_func("/judge/calls/answers", test_answers);
    g_test_add_func("/judge/calls/snapped-answer", test_snapped_answer);
    g_test_add_func("/judge/calls/one-frame", test_one_frame);
    g_test_add_func("/judge/calls/big-endian", test_big_endian);
    g_test_add_func("/judge/calls/too-long", test_too_long);
    g_test_add_func("/judge/calls/numbers", test_numbers);
    return g_test_run();
}
