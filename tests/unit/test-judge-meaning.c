// SPDX-License-Identifier: GPL-2.0-or-later
// What calls say that can be read, and what that amounts to.
#include "judge-fixture.h"
#include "judge/caller.h"

enum {
    GET_OBJECT = 6,
    DELETE_CLASS = 10,
    PUT_INSTANCE = 14,
    EXEC_QUERY = 20,
    EXEC_METHOD = 24,
    EXEC_METHOD_ASYNC = 25
};
enum { NTLM_LOGIN = 6, SET_CLIENT_INFO = 3 };
enum { LOGIN, CLIENT_ID, CLIENT_ID_EX, SERVICES, CALL_RESULT }; ///< context ids

static const Guid object = {0x1401, 0x0a80, 0xffff, {8, 8, 8, 8, 8, 8, 8, 8}};

static Conversation *connect_all(Judge *j, const Verifier *verifier)
{
    Conversation *c = judge_connect(j, 1, 2, 49668);
    (void) judge_bind(
        j, c,
        NAMES("IWbemLevel1Login", "IWbemLoginClientID", "IWbemLoginClientIDEx", "IWbemServices", "IWbemCallResult"),
        verifier);
    return c;
}

/** Each PDU from then on says who the client said it is, the newest word. */
static void test_client(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_all(j, NULL);
    g_assert_null(judge_call(j, c, SERVICES, EXEC_QUERY, &object, NULL)->client);
    g_auto(StubBuilder) info = stub_client_info("WKS-07", 7240);
    const PduResult *r = judge_call(j, c, CLIENT_ID, SET_CLIENT_INFO, &object, &info);
    g_assert_true(r->details->has_client);
    g_assert_cmpstr(r->client->host, ==, "WKS-07");
    g_assert_cmpuint(r->client->pid, ==, 7240);
    g_assert_null(r->client->fqdn);
    g_assert_false(r->client->has_start);

    g_auto(StubBuilder) ex = stub_client_info_ex("WKS-08", "wks-08.corp.example", 4711, 0x01d66ba437b6b08e);
    r = judge_call(j, c, CLIENT_ID_EX, SET_CLIENT_INFO, &object, &ex);
    g_assert_cmpstr(r->client->host, ==, "WKS-08");
    g_assert_cmpstr(r->client->fqdn, ==, "wks-08.corp.example");
    g_assert_true(r->client->has_start);
    g_assert_cmpint(r->client->start.secs, ==, 1596685610);
    g_assert_cmpint(r->client->start.nsecs, ==, 753652600);
    r = judge_fault(j, c, 5);
    g_assert_cmpstr(r->client->host, ==, "WKS-08");
}

/** A login, and whether the client said who it is before. */
static void test_login(void)
{
    static const struct {
        const char *namespace_path, *locale;
        bool said, bound, silent;
    } cases[] = {
        {"//./root/cimv2", NULL, false, true, true},
        {"//./root/cimv2", NULL, false, false, false}, // SetClientInfo may not have been captured
        {NULL, "en-US,en", false, true, true},
        {"\\\\SRV\\root\\cimv2", "ms_409,en-US,en", true, true, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c;
        Guid called = object;
        uint16_t context = LOGIN;
        if (cases[i].bound) {
            c = connect_all(j, NULL);
        } else {
            // An IPID of IWbemLevel1Login tells what is called on a connection whose Bind was not captured.
            Conversation *other = connect_all(j, NULL);
            const Guid iid = interface_uuid("IWbemLevel1Login");
            g_autoptr(GByteArray) objref = sb_objref_standard(&iid, &object);
            (void) judge_call(j, other, SERVICES, 99, &object, NULL);
            g_auto(StubBuilder) answer = sb_response(false);
            sb_interface(&answer, objref);
            sb_u32(&answer, 0);
            (void) judge_answer(j, other, &answer);
            c = judge_connect(j, 1, 2, 49668);
        }
        if (cases[i].said) {
            g_auto(StubBuilder) info = stub_client_info("WKS-07", 7240);
            (void) judge_call(j, c, CLIENT_ID, SET_CLIENT_INFO, &object, &info);
        }
        g_auto(StubBuilder) s = stub_login(cases[i].namespace_path, cases[i].locale);
        const PduResult *r = judge_call(j, c, context, NTLM_LOGIN, &called, &s);
        g_test_message("case %zu", i);
        g_assert_nonnull(r->details);
        g_assert_cmpstr(r->details->namespace_path, ==, cases[i].namespace_path);
        g_assert_cmpstr(r->details->locale, ==, cases[i].locale);
        g_assert_true(r->client_silent == cases[i].silent);
    }
}

/** The namespace of a login follows the objects that it leads to, over several calls and conversations. */
static void test_origin(void)
{
    g_autoptr(Judge) j = judge_new();
    const Guid services = windows_ipid(0x21), enumerator = windows_ipid(0x22);
    Conversation *c = connect_all(j, NULL);
    g_auto(StubBuilder) s = stub_login("\\\\SRV\\root\\subscription", NULL);
    const Call *logged_in = judge_call(j, c, LOGIN, NTLM_LOGIN, &object, &s)->call;
    g_assert_null(logged_in->namespace_path);
    g_auto(StubBuilder) answer = stub_handed_out("IWbemServices", &services);
    const PduResult *r = judge_answer(j, c, &answer);
    g_assert_cmpuint(r->outcome->n_references, ==, 1);
    g_assert_true(r->has_status && r->status == 0);

    Conversation *other = connect_all(j, NULL);
    g_auto(StubBuilder) query = stub_query("SELECT * FROM __EventFilter");
    const PduResult *asked = judge_call(j, other, SERVICES, EXEC_QUERY, &services, &query);
    g_assert_true(asked->call->origin == logged_in);
    g_assert_cmpstr(asked->call->namespace_path, ==, "\\\\SRV\\root\\subscription");
    g_assert_cmpuint(conversation_activity(other), ==, c->id);
    g_auto(StubBuilder) rows = stub_handed_out("IEnumWbemClassObject", &enumerator);
    (void) judge_answer(j, other, &rows);
    const Call *next = judge_call(j, other, SERVICES, 4, &enumerator, NULL)->call;
    g_assert_true(next->origin == asked->call);
    g_assert_cmpstr(next->namespace_path, ==, "\\\\SRV\\root\\subscription");

    // The first that handed it out counts.
    g_auto(StubBuilder) again = stub_login("\\\\SRV\\root\\cimv2", NULL);
    (void) judge_call(j, c, LOGIN, NTLM_LOGIN, &object, &again);
    g_auto(StubBuilder) same = stub_handed_out("IWbemServices", &services);
    (void) judge_answer(j, c, &same);
    g_assert_true(judge_call(j, c, SERVICES, 4, &services, NULL)->call->origin == logged_in);
}

/** The classes of paths, as a server reads them. */
static void test_path_class(void)
{
    static const struct {
        const char *path, *class;
    } cases[] = {
        {"Win32_Process", "Win32_Process"},
        {"Win32_Process.Handle=\"42\"", "Win32_Process"},
        {"\\\\SRV\\root\\cimv2:Win32_Process.Handle=\"C:\\\\x\"", "Win32_Process"},
        {"//./root/cimv2:Win32_Service=@", "Win32_Service"},
        {"\\\\srv.corp.example\\root\\cimv2:Win32_Process", "Win32_Process"},
        {"root\\cimv2:Win32_Directory.Name=\"C:\\\\a.b\"", "Win32_Directory"},
        {"\\\\.\\root\\cimv2", NULL}, // a namespace
        {"", NULL},
        {"=@", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        g_auto(StubBuilder) s = stub_get_object(cases[i].path);
        const PduResult *r = judge_call(j, connect_all(j, NULL), SERVICES, GET_OBJECT, &object, &s);
        g_assert_cmpstr(r->details->object_path, ==, cases[i].path);
        g_assert_cmpstr(r->details->class_name, ==, cases[i].class);
        g_assert_cmpint(technique_of(r), ==, TECHNIQUE_NONE);
    }
}

static void test_exec_method(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_all(j, NULL);
    g_auto(StubBuilder) s = stub_exec_method("Win32_Process", "Create", "cmd.exe /Q /c dir");
    const PduResult *r = judge_call(j, c, SERVICES, EXEC_METHOD, &object, &s);
    g_assert_cmpstr(r->details->class_name, ==, "Win32_Process");
    g_assert_cmpstr(r->details->wmi_method, ==, "Create");
    g_assert_cmpstr(r->details->command_line, ==, "cmd.exe /Q /c dir");
    g_assert_cmpuint(r->details->n_properties, ==, 1);
    g_assert_cmpstr(r->details->properties[0].name, ==, "CommandLine");
    g_assert_cmpint(technique_of(r), ==, TECHNIQUE_WMI);

    g_auto(StubBuilder) answer = stub_executed("ReturnValue", "0");
    r = judge_answer(j, c, &answer);
    g_assert_cmpuint(r->outcome->n_properties, ==, 1);
    g_assert_cmpstr(r->outcome->properties[0].value, ==, "0");
    g_assert_cmpint(technique_of(r), ==, TECHNIQUE_NONE); // once a call
}

/** Of objects that are only read, nothing is kept. */
static void test_read_object(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_all(j, NULL);
    g_auto(StubBuilder) asked = stub_get_object("Win32_Process.Handle=\"4\""), answer = stub_executed("Name", "System");
    (void) judge_call(j, c, SERVICES, GET_OBJECT, &object, &asked);
    const PduResult *r = judge_answer(j, c, &answer);
    g_assert_true(r->outcome->has_status && r->outcome->status == 0);
    g_assert_cmpuint(r->outcome->n_properties, ==, 0);
}

/** What writes a subscription: by its class or its namespace. */
static void test_put_instance(void)
{
    static const struct {
        const char *class, *name;
        Technique technique;
        bool command;
    } cases[] = {
        {"__EventFilter", "Query", TECHNIQUE_SUBSCRIPTION, false},
        {"__FilterToConsumerBinding", "Filter", TECHNIQUE_SUBSCRIPTION, false},
        {"CommandLineEventConsumer", "CommandLineTemplate", TECHNIQUE_SUBSCRIPTION, true},
        {"ActiveScriptEventConsumer", "ExecutablePath", TECHNIQUE_SUBSCRIPTION, true},
        {"Win32_Environment", "Name", TECHNIQUE_NONE, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (uint16_t opnum = PUT_INSTANCE; opnum <= PUT_INSTANCE + 1; opnum++) {
            g_autoptr(Judge) j = judge_new();
            g_auto(StubBuilder) s = stub_put_instance(cases[i].class, cases[i].name, "calc.exe");
            const PduResult *r = judge_call(j, connect_all(j, NULL), SERVICES, opnum, &object, &s);
            g_assert_cmpstr(r->details->class_name, ==, cases[i].class);
            g_assert_cmpstr(r->details->command_line, ==, cases[i].command ? "calc.exe" : NULL);
            g_assert_cmpint(technique_of(r), ==, cases[i].technique);
        }
    }
}

/** Techniques by method alone, for what cannot be read. */
static void test_sealed_technique(void)
{
    const Verifier v = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    static const struct {
        uint16_t opnum;
        bool subscription; ///< the object called belongs to that namespace
        Technique technique;
    } cases[] = {
        {EXEC_METHOD, false, TECHNIQUE_WMI},          {EXEC_METHOD_ASYNC, false, TECHNIQUE_WMI},
        {EXEC_QUERY, false, TECHNIQUE_NONE},          {PUT_INSTANCE, false, TECHNIQUE_NONE},
        {PUT_INSTANCE, true, TECHNIQUE_SUBSCRIPTION}, {DELETE_CLASS, true, TECHNIQUE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        const Guid services = windows_ipid(0x21);
        Conversation *clear = connect_all(j, NULL);
        g_auto(StubBuilder) s = stub_login(cases[i].subscription ? "root/Subscription" : "root/cimv2", NULL);
        (void) judge_call(j, clear, LOGIN, NTLM_LOGIN, &object, &s);
        g_auto(StubBuilder) answer = stub_handed_out("IWbemServices", &services);
        (void) judge_answer(j, clear, &answer);
        Conversation *c = connect_all(j, &v);
        static const uint8_t stub[16];
        PbCall call = {.flags = PFC_FIRST_FRAG, .call_id = 50, .context_id = SERVICES, .opnum = cases[i].opnum};
        call.object = &services;
        call.stub = stub;
        call.stub_len = sizeof(stub);
        call.verifier = &v;
        const PduResult *r = judge_client(j, c, pb_request(&call));
        g_assert_true(r->sealed);
        g_assert_cmpint(technique_of(r), ==, cases[i].technique);
        call.flags = PFC_LAST_FRAG;
        g_assert_cmpint(technique_of(judge_client(j, c, pb_request(&call))), ==, TECHNIQUE_NONE); // once a call
    }
}

/** An ExecMethod in clear fragments shows its technique once, whether it can be read or not. */
static void test_fragmented_technique(void)
{
    enum { READABLE, UNREADABLE, SNAPPED, N_FORMS };
    for (unsigned form = READABLE; form < N_FORMS; form++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_all(j, NULL);
        g_auto(StubBuilder) s = stub_exec_method("Win32_Process", "Create", "calc.exe");
        if (form == UNREADABLE)
            sb_u32(&s, 0xdeadbeef);
        PbCall call = {.call_id = 50, .context_id = SERVICES, .opnum = EXEC_METHOD, .object = &object};
        unsigned shown = 0;
        for (unsigned i = 0; i < 3; i++) {
            static const uint8_t flags[] = {PFC_FIRST_FRAG, 0x40, PFC_LAST_FRAG};
            size_t from = s.bytes->len * i / 3, to = s.bytes->len * (i + 1) / 3;
            call.flags = flags[i];
            call.stub = s.bytes->data + from;
            call.stub_len = to - from;
            GByteArray *pdu = pb_request(&call);
            const PduResult *r = judge_snapped(j, c, 0, pdu, pdu->len - (form == SNAPPED && i == 1 ? 4 : 0));
            shown += technique_of(r) == TECHNIQUE_WMI;
            g_assert_true(!r->details == !(form == READABLE && i == 2));
        }
        g_test_message("form %u", form);
        g_assert_cmpuint(shown, ==, 1);
    }
}

/** Of a call whose end was not captured, its answer shows what the method does. */
static void test_unended_technique(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_all(j, NULL);
    g_auto(StubBuilder) s = stub_exec_method("Win32_Process", "Create", "calc.exe");
    const PbCall call = {.call_id = 50,
                         .flags = PFC_FIRST_FRAG,
                         .context_id = SERVICES,
                         .opnum = EXEC_METHOD,
                         .object = &object,
                         .stub = s.bytes->data,
                         .stub_len = 40};
    g_assert_cmpint(technique_of(judge_client(j, c, pb_request(&call))), ==, TECHNIQUE_NONE);
    PbCall answer = {.flags = PFC_FIRST_FRAG | PFC_LAST_FRAG, .call_id = 50, .context_id = SERVICES};
    g_auto(StubBuilder) response = stub_executed("ReturnValue", "0");
    answer.stub = response.bytes->data;
    answer.stub_len = response.bytes->len;
    const PduResult *r = judge_server(j, c, pb_response(&answer));
    g_assert_cmpint(technique_of(r), ==, TECHNIQUE_WMI);
    g_assert_cmpint(call_outcome(r->call), ==, OUTCOME_SUCCEEDED);
}

/** What does not hold is said; of clear calls what stands before the object is believed. */
static void test_undecodable(void)
{
    const Verifier sealed = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    for (unsigned decrypted = 0; decrypted < 2; decrypted++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_all(j, decrypted ? &sealed : NULL);
        g_autoptr(GByteArray) garbage = g_byte_array_new();
        g_byte_array_append(garbage, (const uint8_t *) "no object", 9);
        g_autoptr(GByteArray) in = sb_objref_custom(&sb_iid_object, &sb_clsid_object, garbage);
        g_auto(StubBuilder) s = sb_request(false);
        sb_bstr(&s, "Win32_Process");
        sb_bstr(&s, "Create");
        sb_u32(&s, 0);
        sb_interface(&s, NULL);
        sb_interface(&s, in);
        sb_u32(&s, 0);
        sb_u32(&s, 0);
        const PbCall call = {.call_id = 50,
                             .context_id = SERVICES,
                             .opnum = EXEC_METHOD,
                             .object = &object,
                             .stub = s.bytes->data,
                             .stub_len = s.bytes->len,
                             .verifier = decrypted ? &sealed : NULL};
        const PduResult *r = judge_decrypted(j, c, 0, pb_request(&call), &s);
        g_assert_nonnull(r->undecodable);
        g_assert_true(r->decrypted == !!decrypted);
        g_assert_true(r->sealed == !!decrypted); // the wrong key
        g_assert_true(!r->details == !!decrypted);
        if (!decrypted)
            g_assert_cmpstr(r->details->object_path, ==, "Win32_Process");
        g_assert_cmpint(technique_of(r), ==, TECHNIQUE_WMI);
    }
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_all(j, NULL);
    g_auto(StubBuilder) request = sb_request(false), response = sb_response(false);
    const PduResult *r = judge_call(j, c, SERVICES, EXEC_QUERY, &object, &request);
    g_assert_nonnull(r->undecodable);
    g_assert_null(r->details);
    r = judge_answer(j, c, &response);
    g_assert_nonnull(r->undecodable);
    g_assert_null(r->outcome);
    g_assert_false(r->has_status);
}

/** With the session's key a sealed call reads as a clear one. */
static void test_decrypted(void)
{
    g_autoptr(Judge) j = judge_new();
    const Verifier v = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    Conversation *c = connect_all(j, &v);
    g_auto(StubBuilder) s = stub_exec_method("Win32_Process", "Create", "calc.exe");
    g_autoptr(GByteArray) sealed = g_byte_array_new();
    g_byte_array_set_size(sealed, s.bytes->len);
    memset(sealed->data, 0xee, sealed->len);
    const PbCall call = {.call_id = 50,
                         .context_id = SERVICES,
                         .opnum = EXEC_METHOD,
                         .object = &object,
                         .stub = sealed->data,
                         .stub_len = sealed->len,
                         .verifier = &v};
    const PduResult *r = judge_decrypted(j, c, 0, pb_request(&call), &s);
    g_assert_true(r->decrypted && !r->sealed);
    g_assert_null(r->undecodable);
    g_assert_cmpstr(r->details->command_line, ==, "calc.exe");
    g_assert_cmpuint(r->command_length, ==, 0);
}

/** A sealed call by its method's known layout: the command line of Win32_Process.Create as System.Management sends it. */
static void test_command_length(void)
{
    static const struct {
        uint32_t class_stub, method_stub; ///< lengths of the stubs of GetObject and ExecMethod
        bool said;
        const char *locale;
        uint32_t expected;
    } cases[] = {
        {68 + 2 * 13 + 52, 1905 + 20, true, "en-US,en", 20}, // the first call carries a trailer of 52 bytes
        {68 + 2 * 14 + 52, 1905 + 20, true, "en-US,en", 20}, // padded
        {68 + 2 * 15 + 52, 1905 + 20, true, "en-US,en", 0},  // another class
        {0, 1905 + 20, true, "en-US,en", 0},                 // none
        {10, 1905 + 20, true, "en-US,en", 0},
        {68 + 2 * 13 + 52, 1905, true, "en-US,en", 0},
        {68 + 2 * 13 + 52, 1905 + 20, false, "en-US,en", 0}, // another client
        {68 + 2 * 13 + 52, 1905 + 20, true, "de-DE,de", 0},
        {68 + 2 * 13 + 52, 1905 + 20, true, NULL, 0},
    };
    const Verifier v = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    const Verifier clear = {AUTH_TYPE_NTLM, AUTH_LEVEL_INTEGRITY, 5, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_all(j, &clear);
        if (cases[i].said) {
            g_auto(StubBuilder) info = stub_client_info("WKS-07", 7240);
            (void) judge_call(j, c, CLIENT_ID, SET_CLIENT_INFO, &object, &info);
        }
        g_auto(StubBuilder) s = stub_login("\\\\SRV\\root\\cimv2", cases[i].locale);
        (void) judge_call(j, c, LOGIN, NTLM_LOGIN, &object, &s);
        PbCall call = {.call_id = 50, .context_id = SERVICES, .object = &object, .verifier = &v};
        if (cases[i].class_stub) {
            call.opnum = GET_OBJECT;
            call.alloc_hint = cases[i].class_stub;
            g_assert_cmpuint(judge_client(j, c, pb_request(&call))->command_length, ==, 0);
        }
        call.call_id++;
        call.opnum = EXEC_METHOD;
        call.alloc_hint = cases[i].method_stub;
        const PduResult *r = judge_client(j, c, pb_request(&call));
        g_test_message("case %zu", i);
        g_assert_true(r->sealed);
        g_assert_cmpuint(r->command_length, ==, cases[i].expected);
    }
}

/** The outcome of an operation that a call asks for later. */
static void test_operation_status(void)
{
    static const struct {
        uint32_t status;
        bool denied;
    } cases[] = {{0, false}, {0x80041003, true}, {0x80070005, true}, {0x80041002, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_all(j, NULL);
        g_auto(StubBuilder) s = sb_request(false), answer = sb_response(false);
        sb_u32(&s, 1000);
        (void) judge_call(j, c, CALL_RESULT, 6, &object, &s);
        sb_u32(&answer, cases[i].status);
        sb_u32(&answer, 0);
        const PduResult *r = judge_answer(j, c, &answer);
        g_assert_true(r->outcome->has_operation_status);
        g_assert_cmphex(r->outcome->operation_status, ==, cases[i].status);
        g_assert_cmphex(r->status, ==, 0);
        g_assert_true(pdu_denied(r) == cases[i].denied);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/meaning/client", test_client);
    g_test_add_func("/judge/meaning/login", test_login);
    g_test_add_func("/judge/meaning/origin", test_origin);
    g_test_add_func("/judge/meaning/path-class", test_path_class);
    g_test_add_func("/judge/meaning/exec-method", test_exec_method);
    g_test_add_func("/judge/meaning/read-object", test_read_object);
    g_test_add_func("/judge/meaning/put-instance", test_put_instance);
    g_test_add_func("/judge/meaning/sealed-technique", test_sealed_technique);
    g_test_add_func("/judge/meaning/unended-technique", test_unended_technique);
    g_test_add_func("/judge/meaning/fragmented-technique", test_fragmented_technique);
    g_test_add_func("/judge/meaning/undecodable", test_undecodable);
    g_test_add_func("/judge/meaning/decrypted", test_decrypted);
    g_test_add_func("/judge/meaning/command-length", test_command_length);
    g_test_add_func("/judge/meaning/operation-status", test_operation_status);
    return g_test_run();
}
