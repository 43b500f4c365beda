// SPDX-License-Identifier: GPL-2.0-or-later
// Events as text go in, records come out.

#include "output/format.h"
#include "record/fold.h"
#include "record/text.h"

#include <stdlib.h>
#include <string.h>

static RecordSet *fold_lines(const char *const *lines)
{
    g_autoptr(EventFold) fold = event_fold_new(0);
    for (size_t i = 0; lines[i]; i++)
        event_fold_line(fold, lines[i], strlen(lines[i]));
    return event_fold_finish(fold);
}

static const Record *record_at(const RecordSet *set, guint index)
{
    g_assert_cmpuint(index, <, set->records->len);
    return g_ptr_array_index(set->records, index);
}

static char *to_ndjson(const RecordSet *set)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    g_auto(Out) out = {0};
    out_begin(&out, &out_format_ndjson, stream, (OutStyle){0});
    for (guint i = 0; i < set->records->len; i++)
        out_record(&out, set, g_ptr_array_index(set->records, i));
    out_end(&out);
    (void) fclose(stream);
    return text;
}

#define CONN(conn)                                                                                                     \
    "{\"event\":\"conn\",\"conn\":" conn ",\"frame\":65,\"client\":{\"ip\":\"10.0.0.1\",\"port\":55275},"              \
    "\"server\":{\"ip\":\"10.0.0.2\",\"port\":49670},\"start_time\":\"2020-08-06T07:56:41.320149Z\","                  \
    "\"first_frame\":62}"
#define WMI(conn)                                                                                                      \
    "{\"event\":\"evidence\",\"conn\":" conn ",\"frame\":65,\"kind\":\"interface\",\"confidence\":\"wmi\"}"
#define SERVICES "9556dc99-828c-11cf-a37e-00aa003240c7"

static void test_whole_record(void)
{
    static const char *const lines[] = {
        "{\"event\":\"begin\",\"format\":2,\"plugin\":\"0.1.0\",\"wireshark\":\"4.0.17\"}",
        "{\"event\":\"conn\",\"conn\":1,\"frame\":54,\"client\":{\"ip\":\"10.0.0.1\",\"port\":55274},"
        "\"server\":{\"ip\":\"10.0.0.2\",\"port\":135},\"start_time\":\"2020-08-06T07:56:41Z\",\"first_frame\":50}",
        "{\"event\":\"call\",\"conn\":1,\"frame\":59,\"call\":1,\"opnum\":4}",
        "{\"event\":\"activation\",\"conn\":1,\"frame\":59,\"call\":1,\"clsid\":\"8bc3f05e-d86b-11d0-a075-"
        "00c04fb68820\",\"server_name\":\"W6\"}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":60,\"call\":1,\"request_frame\":59,\"status\":0}",
        CONN("2"),
        WMI("2"),
        "{\"event\":\"bind\",\"conn\":2,\"frame\":65,\"alter\":false,\"contexts\":[{\"id\":0,\"uuid\":\"" SERVICES
        "\",\"interface\":\"IWbemServices\"}],\"auth\":{\"type\":\"spnego\",\"level\":\"connect\"}}",
        "{\"event\":\"bind-ack\",\"conn\":2,\"frame\":66,\"bind_frame\":65,\"results\":[{\"id\":0,\"uuid\":\"" SERVICES
        "\",\"result\":\"accepted\"}]}",
        "{\"event\":\"auth\",\"conn\":2,\"frame\":67,\"auth\":{\"type\":\"ntlm\",\"level\":\"connect\"},"
        "\"spn\":\"host/W6\",\"user\":\"ann\",\"domain\":\"D\",\"workstation\":\"W5\","
        "\"user_source\":\"ntlm-authenticate\"}",
        "{\"event\":\"call\",\"conn\":2,\"frame\":119,\"call\":7,\"interface\":\"IWbemServices\",\"uuid\":\"" SERVICES
        "\",\"interface_source\":\"bind\",\"opnum\":24,\"method\":\"ExecMethod\",\"stage\":\"execute\","
        "\"object\":\"00006800-0a80-0000-9eb0-6cbfe06bc80e\",\"auth\":{\"type\":\"ntlm\",\"level\":\"privacy\"},"
        "\"user\":\"ann\",\"domain\":\"D\",\"workstation\":\"W5\",\"user_source\":\"ntlm-authenticate\","
        "\"user_frame\":67,\"sealed\":true,\"decrypted\":true,"
        "\"namespace\":\"root\",\"server_pid\":2688,\"origin\":1,\"command_length\":39}",
        "{\"event\":\"fragment\",\"conn\":2,\"frame\":120,\"call\":7,\"of\":\"request\"}",
        "{\"event\":\"response\",\"conn\":2,\"frame\":122,\"call\":7,\"sealed\":false,\"fault\":false}",
        "{\"event\":\"fragment\",\"conn\":2,\"frame\":123,\"call\":7,\"of\":\"response\"}",
        "{\"event\":\"details\",\"conn\":2,\"frame\":120,\"call\":7,\"object_path\":\"Win32_Process\","
        "\"class\":\"Win32_Process\",\"wmi_method\":\"Create\",\"command_line\":\"cmd\","
        "\"properties\":[{\"name\":\"CommandLine\",\"value\":\"cmd\"},{\"name\":\"CurrentDirectory\"}]}",
        "{\"event\":\"outcome\",\"conn\":2,\"frame\":123,\"call\":7,\"status\":0,\"status_name\":\"S_OK\","
        "\"operation_status\":1,\"operation_status_name\":\"WBEM_S_FALSE\",\"text\":\"t\","
        "\"properties\":[{\"name\":\"ProcessId\",\"value\":\"4880\"}]}",
        "{\"event\":\"undecodable\",\"conn\":2,\"frame\":123,\"call\":7,\"of\":\"response\",\"reason\":\"odd\"}",
        "{\"event\":\"technique\",\"conn\":2,\"frame\":120,\"call\":7,\"technique\":\"T1546.003\",\"reason\":"
        "\"because\"}",
        "{\"event\":\"technique\",\"conn\":2,\"frame\":120,\"call\":7,\"technique\":\"T1047\",\"reason\":\"why\"}",
        "{\"event\":\"hint\",\"conn\":2,\"frame\":120,\"call\":7,\"text\":\"somebody\"}",
        "{\"event\":\"end\",\"conn\":2,\"activity\":1,\"confidence\":\"wmi\",\"activation_frame\":59,"
        "\"activation_conn\":1,\"activation_call\":1,\"callback\":false,\"first_frame\":62,\"last_frame\":124,"
        "\"frames\":63,"
        "\"bytes_client\":100,\"bytes_server\":200,\"start_time\":\"2020-08-06T07:56:41.320149Z\","
        "\"end_time\":\"2020-08-06T07:56:56.321853Z\"}",
        "{\"event\":\"done\"}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    record_set_add_file(set, "x.cap", g_strdup("cut \"short\""));
    g_assert_cmpuint(set->records->len, ==, 1); // the activation's conversation gave no evidence here
    g_autofree char *json = to_ndjson(set);
    g_assert_cmpstr(
        json, ==,
        "{\"schema\":\"car-wmi/"
        "1\",\"analytic\":\"CAR-2014-11-007\",\"detection_strategy\":\"DET0364\",\"d3fend\":\"D3-RTA\",\"techniques\":["
        "\"T1047\",\"T1546.003\"],\"tactics\":[\"TA0002\",\"TA0003\",\"TA0004\"],\"confidence\":\"wmi\","
        "\"verdict\":null,\"verdict_reason\":null,"
        "\"evidence\":[{\"kind\":\"interface\",\"basis\":\"seen\",\"frame\":65}],\"activity\":1,"
        "\"activation\":{\"frame\":59,\"client_port\":55274,\"clsid\":\"8bc3f05e-d86b-11d0-a075-00c04fb68820\","
        "\"server_name\":\"W6\",\"status\":0},\"related\":[],"
        "\"capture\":{\"path\":\"x.cap\",\"complete\":false,\"note\":\"cut \\\"short\\\"\"},"
        "\"start_time\":\"2020-08-06T07:56:41.320149Z\",\"end_time\":\"2020-08-06T07:56:56.321853Z\","
        "\"frames\":{\"first\":62,\"last\":124,\"count\":63},\"bytes\":{\"client\":100,\"server\":200},"
        "\"filter\":\"ip.addr==10.0.0.1 && ip.addr==10.0.0.2 && tcp.port==55275 && tcp.port==49670\","
        "\"client\":{\"ip\":\"10.0.0.1\",\"port\":55275,\"host\":null,\"fqdn\":null,\"host_basis\":null},"
        "\"server\":{\"ip\":\"10.0.0.2\",\"port\":49670,\"host\":null,\"fqdn\":null,\"host_basis\":null},"
        "\"remote\":true,\"callback\":false,"
        "\"auth\":{\"type\":\"ntlm\",\"level\":\"privacy\",\"spn\":\"host/W6\",\"realm\":null,\"user\":\"ann\","
        "\"domain\":\"D\",\"workstation\":\"W5\",\"user_source\":\"ntlm-authenticate\",\"user_basis\":\"said by the "
        "client\",\"user_frame\":67},"
        "\"users\":[{\"user\":\"ann\",\"domain\":\"D\",\"workstation\":\"W5\",\"source\":\"ntlm-authenticate\","
        "\"basis\":\"said by the client\","
        "\"frame\":67,\"calls\":1,\"accepted\":true}],"
        "\"interfaces\":[{\"name\":\"IWbemServices\",\"uuid\":\"" SERVICES "\",\"frame\":65,\"accepted\":true}],"
        "\"client_hint\":\"somebody\",\"client_family\":{\"families\":[],\"marks\":[]},\"client_identified\":null,"
        "\"logins\":[],"
        "\"calls\":[{\"frame\":119,\"frames\":[119,120],\"time\":null,\"response_frame\":122,\"response_frames\":[122,"
        "123],"
        "\"interface\":\"IWbemServices\",\"interface_source\":\"bind\","
        "\"object\":\"00006800-0a80-0000-9eb0-6cbfe06bc80e\",\"origin_frame\":59,\"opnum\":24,\"method\":"
        "\"ExecMethod\","
        "\"stage\":\"execute\",\"namespace\":\"root\",\"sealed\":true,\"decrypted\":true,\"query\":null,"
        "\"query_language\":null,\"object_path\":\"Win32_Process\",\"class\":\"Win32_Process\","
        "\"wmi_method\":\"Create\",\"command_line\":\"cmd\",\"command_length\":39,"
        "\"properties\":[{\"name\":\"CommandLine\",\"value\":\"cmd\"},"
        "{\"name\":\"CurrentDirectory\",\"value\":null}],\"outcome\":\"succeeded\",\"techniques\":[{\"id\":\"T1546."
        "003\",\"reason\":\"because\"},{\"id\":\"T1047\",\"reason\":\"why\"}],\"fault\":false,\"status\":0,"
        "\"status_name\":\"S_OK\","
        "\"operation_status\":1,\"operation_status_name\":\"WBEM_S_FALSE\",\"result_text\":\"t\","
        "\"result_properties\":[{\"name\":\"ProcessId\",\"value\":\"4880\"}],\"content_source\":null,\"basis\":"
        "\"seen\","
        "\"undecodable\":\"odd\"}],"
        "\"processes\":[{\"role\":\"server\",\"basis\":\"inferred\",\"pid\":2688,\"start_time\":null,\"image\":null,"
        "\"command_line\":null,\"user\":null,\"parent_pid\":null,\"parent_image\":null,"
        "\"note\":null,"
        "\"sources\":[{\"kind\":\"wire:ipid\",\"frame\":119}]}],\"anomalies\":[],"
        "\"logons\":[],\"operations\":[],\"subscriptions\":[],\"clocks\":[],\"allowed\":null,"
        "\"summary\":\"ran: cmd\"}\n");
}

static void test_without_end(void)
{
    static const char *const lines[] = {CONN("1"), WMI("1"), NULL};
    g_autoptr(EventFold) fold = event_fold_new(0);
    for (size_t i = 0; lines[i]; i++)
        event_fold_line(fold, lines[i], strlen(lines[i]));
    g_assert_false(event_fold_stream(fold)->begun);
    g_assert_false(event_fold_stream(fold)->done);
    g_autoptr(RecordSet) set = event_fold_finish(fold);
    const Record *r = record_at(set, 0);
    g_assert_cmpint(r->confidence, ==, CONFIDENCE_WMI);
    g_assert_cmpint(r->frames.first, ==, 62);
    g_assert_cmpint(r->frames.last, ==, 0);
    g_assert_cmpint(r->frames.count, ==, NUMBER_UNKNOWN);
    g_assert_null(r->end_time);
    g_assert_false(r->has_activation);
}

static void test_stream(void)
{
    static const char begin[] = "{\"event\":\"begin\",\"format\":2,\"plugin\":\"0.1.0\",\"wireshark\":\"4.6.9\"}";
    static const char done[] = "{\"event\":\"done\",\"frames\":3}";
    g_autoptr(EventFold) fold = event_fold_new(0);
    event_fold_line(fold, begin, strlen(begin));
    event_fold_line(fold, done, strlen(done));
    const EventStream *stream = event_fold_stream(fold);
    g_assert_true(stream->begun);
    g_assert_true(stream->done);
    g_assert_cmpint(stream->format, ==, EVENT_FORMAT);
    g_assert_cmpstr(stream->plugin_version, ==, "0.1.0");
    g_assert_cmpstr(stream->wireshark_version, ==, "4.6.9");
    g_assert_cmpuint(stream->malformed, ==, 0);
}

/** `end` knows better than the evidence before it: links to other conversations may have raised the confidence. */
static void test_final_confidence(void)
{
    static const char *const lines[] = {
        "{\"event\":\"evidence\",\"conn\":1,\"frame\":5,\"kind\":\"dcom-interface\",\"confidence\":\"dcom\"}",
        "{\"event\":\"evidence\",\"conn\":1,\"frame\":6,\"kind\":\"rpcss-spn\",\"confidence\":\"rpcss\"}",
        "{\"event\":\"evidence\",\"conn\":1,\"frame\":7,\"kind\":\"dcom-interface\",\"confidence\":\"dcom\"}",
        "{\"event\":\"end\",\"conn\":1,\"confidence\":\"wmi\"}",
        "{\"event\":\"evidence\",\"conn\":2,\"frame\":8,\"kind\":\"dcom-interface\",\"confidence\":\"dcom\"}",
        "{\"event\":\"evidence\",\"conn\":2,\"frame\":9,\"kind\":\"rpcss-spn\",\"confidence\":\"rpcss\"}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    g_assert_cmpuint(set->records->len, ==, 2);
    const Record *raised = record_at(set, 0);
    g_assert_cmpint(raised->confidence, ==, CONFIDENCE_WMI);
    g_assert_true(record_has_technique(raised, TECHNIQUE_WMI));
    g_assert_cmpuint(raised->evidence->len, ==, 2); // the first of each kind
    g_assert_cmpint(g_array_index(raised->evidence, Evidence, 0).frame, ==, 5);
    const Record *plain = record_at(set, 1);
    g_assert_cmpint(plain->confidence, ==, CONFIDENCE_DCOM);
    g_assert_false(record_has_technique(plain, TECHNIQUE_WMI));
}

static void test_order(void)
{
    static const char *const lines[] = {
        "{\"event\":\"conn\",\"conn\":1,\"first_frame\":20}",
        WMI("1"),
        "{\"event\":\"conn\",\"conn\":2,\"first_frame\":3}",
        WMI("2"),
        "{\"event\":\"conn\",\"conn\":3,\"first_frame\":20}",
        WMI("3"),
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    g_assert_cmpint(record_at(set, 0)->conn, ==, 2);
    g_assert_cmpint(record_at(set, 1)->conn, ==, 1);
    g_assert_cmpint(record_at(set, 2)->conn, ==, 3);
}

/** One entry a UUID, however often and with however many transfer syntaxes it is offered. */
static void test_interfaces(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"bind\",\"conn\":1,\"frame\":5,\"contexts\":[{\"id\":0,\"uuid\":\"aa\",\"interface\":\"IA\"},"
        "{\"id\":1,\"uuid\":\"aa\",\"interface\":\"IA\"},{\"id\":2,\"uuid\":\"bb\"},{\"id\":3,\"uuid\":\"cc\"}]}",
        "{\"event\":\"bind-ack\",\"conn\":1,\"frame\":6,\"results\":[{\"id\":0,\"uuid\":\"aa\",\"result\":\"rejected\"}"
        ",{\"id\":1,\"uuid\":\"aa\",\"result\":\"negotiated\"},{\"id\":2,\"uuid\":\"bb\",\"result\":\"rejected\"}]}",
        "{\"event\":\"bind\",\"conn\":1,\"frame\":7,\"alter\":true,\"contexts\":[{\"id\":0,\"uuid\":\"aa\"}]}",
        "{\"event\":\"bind-ack\",\"conn\":1,\"frame\":8,\"results\":[{\"id\":0,\"uuid\":\"aa\",\"result\":\"accepted\"}"
        ",{\"id\":9,\"uuid\":\"dd\",\"result\":\"accepted\"}]}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const GArray *interfaces = record_at(set, 0)->interfaces;
    g_assert_cmpuint(interfaces->len, ==, 3);
    const OfferedInterface *offered = &g_array_index(interfaces, OfferedInterface, 0);
    g_assert_cmpstr(offered->name, ==, "IA");
    g_assert_cmpint(offered->frame, ==, 5);
    g_assert_cmpint(offered->accepted, ==, ANSWER_YES);
    offered = &g_array_index(interfaces, OfferedInterface, 1);
    g_assert_cmpstr(offered->name, ==, "bb");
    g_assert_cmpint(offered->accepted, ==, ANSWER_NO);
    offered = &g_array_index(interfaces, OfferedInterface, 2);
    g_assert_cmpint(offered->accepted, ==, ANSWER_UNKNOWN);
}

/** The highest level on calls counts, also below that of the bind; SPNEGO becomes what it agreed on. */
static void test_auth(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"bind\",\"conn\":1,\"frame\":5,\"auth\":{\"type\":\"spnego\",\"level\":\"privacy\"}}",
        "{\"event\":\"auth\",\"conn\":1,\"frame\":5,\"auth\":{\"type\":\"kerberos\",\"level\":\"privacy\"},"
        "\"spn\":\"host/a\",\"realm\":\"R\"}",
        "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":1,\"auth\":{\"type\":\"spnego\",\"level\":\"packet\"}}",
        "{\"event\":\"call\",\"conn\":1,\"frame\":8,\"call\":2,\"auth\":{\"type\":\"spnego\",\"level\":\"connect\"}}",
        WMI("2"),
        "{\"event\":\"bind\",\"conn\":2,\"frame\":5,\"auth\":{\"type\":\"none\",\"level\":\"none\"}}",
        WMI("3"),
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Auth *auth = &record_at(set, 0)->auth;
    g_assert_cmpstr(auth->type, ==, "kerberos");
    g_assert_cmpint(auth->level, ==, AUTH_LEVEL_PACKET);
    g_assert_cmpstr(auth->spn, ==, "host/a");
    g_assert_cmpstr(auth->realm, ==, "R");
    g_assert_null(auth->user);
    auth = &record_at(set, 1)->auth;
    g_assert_cmpstr(auth->type, ==, "none");
    g_assert_cmpint(auth->level, ==, AUTH_LEVEL_NONE);
    auth = &record_at(set, 2)->auth;
    g_assert_null(auth->type);
    g_assert_cmpint(auth->level, ==, AUTH_LEVEL_UNKNOWN);
}

#define AUTH(type, level, name)                                                                                        \
    "{\"event\":\"auth\",\"conn\":1,\"frame\":5,\"auth\":{\"type\":\"" type "\",\"level\":\"" level                    \
    "\"},\"spn\":\"s/" name "\",\"user\":\"" name "\",\"user_frame\":4}"
#define CALL_AS(number, name)                                                                                          \
    "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":" number ",\"user\":\"" name                                  \
    "\",\"domain\":\"D\",\"user_source\":\"ntlm-authenticate\",\"user_frame\":4}"

/** Who made most calls counts, not who came last or authenticated only; all who made calls are named. */
static void test_users(void)
{
    static const char *const lines[] = {
        WMI("1"),
        AUTH("ntlm", "privacy", "bob"),
        AUTH("ntlm", "connect", "ann"),
        CALL_AS("1", "bob"),
        CALL_AS("2", "ann"),
        CALL_AS("3", "ann"),
        CALL_AS("3", "bob"), // the same call again
        CALL_AS("4", "bob"),
        AUTH("ntlm", "connect", "eve"),
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Record *r = record_at(set, 0);
    g_assert_cmpstr(r->auth.user, ==, "bob"); // of equal ones the first
    g_assert_cmpint(r->auth.user_source, ==, USER_SOURCE_NTLM);
    g_assert_cmpint(r->auth.user_frame, ==, 4);
    g_assert_cmpuint(r->users->len, ==, 2);
    const RecordUser *ann = &g_array_index(r->users, RecordUser, 1);
    g_assert_cmpstr(ann->user, ==, "ann");
    g_assert_cmpstr(ann->domain, ==, "D");
    g_assert_cmpuint(ann->calls, ==, 2);
    g_autofree char *text = record_text_users(r);
    g_assert_cmpstr(text, ==, "D\\bob, D\\ann");
}

/** The service is that which the user's own token names. */
static void test_service_of_user(void)
{
    static const char *const lines[] = {
        WMI("1"),
        AUTH("ntlm", "privacy", "ann"),
        AUTH("ntlm", "privacy", "bob"),
        "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":1,\"user\":\"ann\",\"user_frame\":4}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    g_assert_cmpstr(record_at(set, 0)->auth.spn, ==, "s/ann");
}

static void test_user_without_calls(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"auth\",\"conn\":1,\"frame\":3,\"auth\":{\"type\":\"kerberos\",\"level\":\"packet\"},"
        "\"spn\":\"host/a\",\"realm\":\"R\"}",
        AUTH("ntlm", "privacy", "ann"),
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Auth *auth = &record_at(set, 0)->auth;
    g_assert_cmpstr(auth->user, ==, "ann");
    g_assert_cmpstr(auth->spn, ==, "s/ann");
    g_assert_null(auth->realm);
    g_assert_cmpuint(record_at(set, 0)->users->len, ==, 0);
}
/** Who made the calls is not known: it need not be the one whose token is. */
static void test_unnamed_calls(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"auth\",\"conn\":1,\"frame\":3,\"auth\":{\"type\":\"kerberos\",\"level\":\"packet\"},"
        "\"spn\":\"host/a\",\"realm\":\"R\"}",
        AUTH("ntlm", "privacy", "ann"),
        "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":1,\"auth\":{\"type\":\"kerberos\",\"level\":\"packet\"}}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    g_assert_null(record_at(set, 0)->auth.user);
    g_assert_cmpstr(record_at(set, 0)->auth.spn, ==, "host/a");
    g_assert_cmpuint(record_at(set, 0)->unnamed_calls, ==, 1);
}
#undef AUTH
#undef CALL_AS

static void test_own_activation(void)
{
    static const char *const lines[] = {
        CONN("1"),
        WMI("1"),
        "{\"event\":\"activation\",\"conn\":1,\"frame\":9,\"call\":1,\"clsid\":\"a\"}",
        "{\"event\":\"activation\",\"conn\":1,\"frame\":11,\"call\":2,\"clsid\":\"b\"}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":12,\"call\":2,\"request_frame\":11,\"status\":0}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":13,\"call\":1,\"request_frame\":9,\"status\":2147942405}",
        "{\"event\":\"end\",\"conn\":1,\"confidence\":\"wmi\"}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Record *r = record_at(set, 0);
    g_assert_true(r->has_activation);
    g_assert_cmpint(r->activation.frame, ==, 9);
    g_assert_cmpint(r->activation.client_port, ==, 55275);
    g_assert_cmpint(r->activation.status, ==, 0x80070005);
}

/** Two activations in one frame are told apart by their calls. */
static void test_activations_in_one_frame(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"activation\",\"conn\":1,\"frame\":9,\"call\":1,\"clsid\":\"a\"}",
        "{\"event\":\"activation\",\"conn\":1,\"frame\":9,\"call\":2,\"clsid\":\"b\"}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":12,\"call\":2,\"request_frame\":9,\"status\":5}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":12,\"call\":1,\"request_frame\":9,\"status\":0}",
        WMI("2"),
        "{\"event\":\"end\",\"conn\":2,\"activation_conn\":1,\"activation_frame\":9,\"activation_call\":2}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    g_assert_cmpstr(record_at(set, 0)->activation.clsid, ==, "a");
    g_assert_cmpint(record_at(set, 0)->activation.status, ==, 0);
    g_assert_cmpstr(record_at(set, 1)->activation.clsid, ==, "b");
    g_assert_cmpint(record_at(set, 1)->activation.status, ==, 5);
}

/** The newest hint rests on all marks before it; one without families takes the others back. */
static void test_hints(void)
{
#define HINT(conn, text, families, marks)                                                                              \
    "{\"event\":\"hint\",\"conn\":" conn ",\"frame\":9,\"text\":\"" text "\",\"families\":" families                   \
    ",\"marks\":" marks "}"
    static const char *const lines[] = {
        WMI("1"),
        HINT("1", "b", "[\"b\"]", "[]"),
        HINT("1", "a or b: m", "[\"a\",\"b\"]", "[{\"mark\":\"m\",\"frame\":3}]"),
        WMI("2"),
        HINT("2", "b", "[\"b\"]", "[{\"mark\":\"m\",\"frame\":3}]"),
        "{\"event\":\"hint\",\"conn\":2,\"frame\":9,\"families\":[],\"marks\":[]}",
        NULL,
    };
#undef HINT
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Record *record = record_at(set, 0), *taken_back = record_at(set, 1);
    g_assert_cmpstr(record->client_hint, ==, "a or b: m");
    g_assert_cmpuint(record->client_families->len, ==, 2);
    g_assert_cmpstr(g_array_index(record->client_families, const char *, 1), ==, "b");
    g_assert_cmpuint(record->client_marks->len, ==, 1);
    g_assert_cmpint(g_array_index(record->client_marks, RecordMark, 0).frame, ==, 3);
    g_assert_null(taken_back->client_hint);
    g_assert_cmpuint(taken_back->client_families->len + taken_back->client_marks->len, ==, 0);
}

#define CALL(conn, number, interface, method)                                                                          \
    "{\"event\":\"call\",\"conn\":" conn ",\"frame\":9,\"call\":" number                                               \
    ",\"interface\":\"" interface "\",\"method\":\"" method "\"}"
#define BIND(conn) "{\"event\":\"bind\",\"conn\":" conn ",\"frame\":8,\"alter\":false}"

static void test_client_identified(void)
{
    static const char *const lines[] = {
        WMI("1"), // told, then logged in
        BIND("1"),
        CALL("1", "1", "IWbemLoginClientID", "SetClientInfo"),
        CALL("1", "2", "IWbemLevel1Login", "NTLMLogin"),
        WMI("2"), // did not tell
        BIND("2"),
        CALL("2", "3", "IWbemLevel1Login", "NTLMLogin"),
        CALL("2", "4", "IWbemLoginClientIDEx", "SetClientInfoEx"),
        WMI("3"), // the start was not seen
        CALL("3", "5", "IWbemLevel1Login", "NTLMLogin"),
        WMI("4"), // did not log in
        BIND("4"),
        CALL("4", "6", "IWbemLevel1Login", "EstablishPosition"),
        NULL,
    };
    static const Answer expected[] = {ANSWER_YES, ANSWER_NO, ANSWER_UNKNOWN, ANSWER_UNKNOWN};
    g_autoptr(RecordSet) set = fold_lines(lines);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpint(record_at(set, i)->client_identified, ==, expected[i]);
}

/** A process that ExecMethod says it has started. */
static void test_spawned(void)
{
#define RUN(number, class, command)                                                                                    \
    CALL("1", number, "IWbemServices", "ExecMethod"),                                                                  \
        "{\"event\":\"details\",\"conn\":1,\"frame\":9,\"call\":" number                                               \
        ",\"class\":\"" class "\",\"wmi_method\":\"create\",\"command_line\":\"" command "\"}"
#define RETURN(number, properties)                                                                                     \
    "{\"event\":\"outcome\",\"conn\":1,\"frame\":10,\"call\":" number ",\"status\":0,\"properties\":[" properties "]}"
#define PROPERTY(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"
    static const char *const lines[] = {
        WMI("1"),
        RUN("1", "Win32_Process", "one"),
        RETURN("1", PROPERTY("ProcessId", "4880") "," PROPERTY("ReturnValue", "0")),
        RETURN("1", PROPERTY("ProcessId", "4880") "," PROPERTY("ReturnValue", "0")),
        RUN("2", "WIN32_PROCESS", "two"),
        RETURN("2", PROPERTY("processid", "4881 (0x1311)") "," PROPERTY("returnvalue", "0 (0x0000)")),
        RUN("3", "Win32_Process", "failed"),
        RETURN("3", PROPERTY("ProcessId", "4882") "," PROPERTY("ReturnValue", "9")),
        RUN("4", "Win32_Process", "unknown"),
        RETURN("4", PROPERTY("ProcessId", "4883")),
        RUN("5", "Win32_Process", "no number"),
        RETURN("5", PROPERTY("ProcessId", "4884x") "," PROPERTY("ReturnValue", "0")),
        RUN("6", "Win32_Service", "no process"),
        RETURN("6", PROPERTY("ProcessId", "4885") "," PROPERTY("ReturnValue", "0")),
        NULL,
    };
#undef RUN
#undef RETURN
#undef PROPERTY
    g_autoptr(RecordSet) set = fold_lines(lines);
    const GArray *processes = record_at(set, 0)->processes;
    g_assert_cmpuint(processes->len, ==, 2);
    const Process *process = &g_array_index(processes, Process, 0);
    g_assert_cmpint(process->role, ==, ROLE_SPAWNED);
    g_assert_cmpint(process->pid, ==, 4880);
    g_assert_cmpstr(process->command_line, ==, "one");
    g_assert_cmpuint(process->sources->len, ==, 1);
    g_assert_cmpstr(g_array_index(process->sources, ProcessSource, 0).kind, ==, "wire:ExecMethod");
    g_assert_cmpint(g_array_index(process->sources, ProcessSource, 0).frame, ==, 10);
    process = &g_array_index(processes, Process, 1);
    g_assert_cmpint(process->pid, ==, 4881);
    g_assert_cmpstr(process->command_line, ==, "two");
}

/** Calls are told apart by conversation and number; what belongs to no call is dropped. */
static void test_calls(void)
{
    static const char *const lines[] = {
        WMI("1"),
        WMI("2"),
        "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":1,\"interface\":\"IA\",\"method\":\"Do\"}",
        "{\"event\":\"call\",\"conn\":2,\"frame\":8,\"call\":1,\"uuid\":\"bb\",\"opnum\":3}",
        "{\"event\":\"fragment\",\"conn\":1,\"frame\":9,\"call\":1,\"of\":\"response\"}",
        "{\"event\":\"fragment\",\"conn\":1,\"frame\":9,\"call\":1,\"of\":\"response\"}",
        "{\"event\":\"response\",\"conn\":1,\"frame\":10,\"call\":1,\"fault\":false}",
        "{\"event\":\"response\",\"conn\":1,\"frame\":11,\"call\":5,\"fault\":false}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const RecordCall *call = &g_array_index(record_at(set, 0)->calls, RecordCall, 0);
    g_assert_cmpuint(record_at(set, 0)->calls->len, ==, 1);
    g_assert_cmpstr(call->method, ==, "Do");
    g_assert_cmpint(call->response_frame, ==, 10);
    g_assert_cmpuint(call->response_frames->len, ==, 2);
    g_assert_cmpint(call->status, ==, NUMBER_UNKNOWN);
    call = &g_array_index(record_at(set, 1)->calls, RecordCall, 0);
    g_assert_cmpstr(call->interface, ==, "bb");
    g_assert_cmpint(call->response_frame, ==, 0);
    g_assert_null(call->frames);
}

static void test_login(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"call\",\"conn\":1,\"frame\":7,\"call\":1,\"method\":\"NTLMLogin\"}",
        "{\"event\":\"login\",\"conn\":1,\"frame\":8,\"call\":1,\"namespace\":\"//./root\",\"locale\":\"de\"}",
        "{\"event\":\"call\",\"conn\":1,\"frame\":9,\"call\":2,\"method\":\"NTLMLogin\"}",
        "{\"event\":\"login\",\"conn\":1,\"frame\":9,\"call\":2,\"namespace\":\"//./root/a\"}",
        "{\"event\":\"outcome\",\"conn\":1,\"frame\":10,\"call\":1,\"status\":2147942405}",
        "{\"event\":\"login\",\"conn\":1,\"frame\":11,\"call\":3,\"namespace\":\"of no call\"}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Record *r = record_at(set, 0);
    g_assert_cmpuint(r->logins->len, ==, 2);
    const Login *login = &g_array_index(r->logins, Login, 0);
    g_assert_cmpint(login->frame, ==, 8);
    g_assert_cmpstr(login->locale, ==, "de");
    g_assert_cmpint(login->status, ==, 0x80070005);
    g_assert_cmpstr(g_array_index(r->calls, RecordCall, 0).namespace_path, ==, "//./root");
    login = &g_array_index(r->logins, Login, 1);
    g_assert_cmpstr(login->namespace_path, ==, "//./root/a");
    g_assert_cmpint(login->status, ==, NUMBER_UNKNOWN);
}

#define CLIENT(frame, pid, rest) "{\"event\":\"client\",\"conn\":1,\"frame\":" frame ",\"pid\":" pid "," rest "}"

/** Sources that agree are one process, those that do not stay apart. */
static void test_processes(void)
{
    static const char *const lines[] = {
        WMI("1"),
        CLIENT("5", "72", "\"host\":\"W5\",\"source\":\"SetClientInfo\""),
        CLIENT("6", "72",
               "\"host\":\"other\",\"fqdn\":\"w5.x\",\"process_start\":\"T1\",\"source\":\"SetClientInfoEx\""),
        CLIENT("7", "72", "\"process_start\":\"T1\",\"source\":\"SetClientInfoEx\""),
        CLIENT("8", "72", "\"process_start\":\"T2\",\"source\":\"SetClientInfoEx\""),
        CLIENT("9", "73", "\"source\":\"SetClientInfo\""),
        "{\"event\":\"call\",\"conn\":1,\"frame\":10,\"call\":1,\"server_pid\":72}",
        "{\"event\":\"call\",\"conn\":1,\"frame\":11,\"call\":2,\"server_pid\":72}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    const Record *r = record_at(set, 0);
    g_assert_cmpstr(r->client.host, ==, "W5");
    g_assert_cmpstr(r->client.fqdn, ==, "w5.x");
    g_assert_cmpuint(r->processes->len, ==, 4);
    const Process *process = &g_array_index(r->processes, Process, 0);
    g_assert_cmpint(process->role, ==, ROLE_CLIENT);
    g_assert_cmpint(process->pid, ==, 72);
    g_assert_cmpstr(process->start_time, ==, "T1");
    g_assert_cmpuint(process->sources->len, ==, 2);
    g_assert_cmpstr(g_array_index(process->sources, ProcessSource, 1).kind, ==, "wire:SetClientInfoEx");
    g_assert_cmpint(g_array_index(process->sources, ProcessSource, 1).frame, ==, 6);
    g_assert_cmpstr(g_array_index(r->processes, Process, 1).start_time, ==, "T2");
    g_assert_cmpint(g_array_index(r->processes, Process, 2).pid, ==, 73);
    process = &g_array_index(r->processes, Process, 3);
    g_assert_cmpint(process->role, ==, ROLE_SERVER);
    g_assert_cmpuint(process->sources->len, ==, 1);
    g_assert_cmpint(g_array_index(process->sources, ProcessSource, 0).frame, ==, 10);
}

/** The names by which the server says it can be reached; not those of a callback's ends, which are reversed. */
static void test_server_names(void)
{
    static const char *const lines[] = {
        WMI("1"),
        "{\"event\":\"activation\",\"conn\":1,\"frame\":9,\"call\":1,\"clsid\":\"a\"}",
        "{\"event\":\"activated\",\"conn\":1,\"frame\":10,\"call\":1,\"request_frame\":9,\"status\":0,\"bindings\":[7,"
        "\"\","
        "\"10.0.0.2[49670]\",\"W6[49670]\",\"w6.x.local[49670]\",\"W7[1]\"]}",
        WMI("2"),
        "{\"event\":\"end\",\"conn\":2,\"confidence\":\"wmi\",\"activation_conn\":1,\"activation_call\":1}",
        WMI("3"),
        "{\"event\":\"end\",\"conn\":3,\"confidence\":\"wmi\",\"activation_conn\":1,\"activation_call\":1,"
        "\"callback\":true}",
        NULL,
    };
    g_autoptr(RecordSet) set = fold_lines(lines);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpstr(record_at(set, i)->server.host, ==, "W6");
        g_assert_cmpstr(record_at(set, i)->server.fqdn, ==, "w6.x.local");
    }
    g_assert_true(record_at(set, 2)->callback);
    g_assert_true(record_at(set, 2)->has_activation);
    g_assert_null(record_at(set, 2)->server.host);
}

static void test_hostile_lines(void)
{
    static const char *const lines[] = {
        "",
        "===== something of another tap =====",
        "{}",
        "{\"event\":7}",
        "{\"event\":\"call\"",
        "{\"event\":\"call\"} x",
        "{\"event\":\"conn\",\"conn\":1,\"client\":{\"ip\":\"\xff\"}}",
        "{\"event\":\"bind\",\"conn\":1,\"contexts\":[[[[[[[[[[[[]]]]]]]]]]]]}",
        "{\"event\":\"novel\",\"conn\":1}",
        "{\"event\":\"conn\"}",
        "{\"event\":\"evidence\",\"conn\":-1,\"confidence\":\"wmi\"}",
        "{\"event\":\"evidence\",\"conn\":\"1\",\"confidence\":\"wmi\"}",
        "{\"event\":\"bind\",\"conn\":1,\"contexts\":[7,null,{\"uuid\":5},{}],\"auth\":[]}",
        "{\"event\":\"bind-ack\",\"conn\":1,\"results\":{}}",
        "{\"event\":\"call\",\"conn\":1,\"call\":1e3,\"frame\":-4}",
        "{\"event\":\"activated\",\"conn\":1,\"oxid\":18446744073709551615,\"request_frame\":99999999999999999999}",
        "{\"event\":\"evidence\",\"conn\":1,\"frame\":3,\"kind\":\"interface\\u0000x\",\"confidence\":\"wmi\"}",
        NULL,
    };
    g_autoptr(EventFold) fold = event_fold_new(0);
    for (size_t i = 0; lines[i]; i++)
        event_fold_line(fold, lines[i], strlen(lines[i]));
    g_assert_cmpuint(event_fold_stream(fold)->malformed, ==, 6);
    g_autoptr(RecordSet) set = event_fold_finish(fold);
    g_assert_cmpuint(set->records->len, ==, 1);
    const Record *r = record_at(set, 0);
    g_assert_cmpuint(r->calls->len, ==, 0);
    g_assert_cmpuint(r->interfaces->len, ==, 0);
    g_assert_null(r->filter);
    g_assert_cmpint(r->remote, ==, ANSWER_UNKNOWN);
}

static void test_bounded(void)
{
    g_autoptr(EventFold) fold = event_fold_new(20000);
    event_fold_line(fold, WMI("1"), strlen(WMI("1")));
    for (int i = 0; i < 1000; i++) {
        g_autofree char *line =
            g_strdup_printf("{\"event\":\"call\",\"conn\":1,\"call\":%d,\"frame\":%d,\"method\":\"m%d\"}", i, i, i);
        event_fold_line(fold, line, strlen(line));
    }
    g_assert_true(event_fold_stream(fold)->full);
    g_autoptr(RecordSet) set = event_fold_finish(fold);
    g_assert_cmpuint(record_at(set, 0)->calls->len, >, 10);
    g_assert_cmpuint(record_at(set, 0)->calls->len, <, 500);
}

static void put(EventFold *fold, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void put(EventFold *fold, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    event_fold_line(fold, line, strlen(line));
}

static void put_conn(EventFold *fold, int conn)
{
    put(fold,
        "{\"event\":\"conn\",\"conn\":%d,\"frame\":%d,\"client\":{\"ip\":\"10.0.0.1\",\"port\":%d},"
        "\"server\":{\"ip\":\"10.0.0.2\",\"port\":49670},\"first_frame\":%d}",
        conn, conn, 1000 + conn, conn);
    put(fold, "{\"event\":\"evidence\",\"conn\":%d,\"frame\":%d,\"kind\":\"interface\",\"confidence\":\"wmi\"}", conn,
        conn);
}

static void put_call(EventFold *fold, int conn, const char *stage)
{
    put(fold, "{\"event\":\"call\",\"conn\":%d,\"call\":%d,\"frame\":%d,\"method\":\"m\",\"stage\":\"%s\"}", conn, conn,
        conn, stage);
}

/** What is not worth much makes room for what is worth more, whichever came first. */
static void test_worth(void)
{
    enum { N = 2000, ACTIVATION = 1, FIRST = 2, ANSWERED = 3, LATE = 10, LAST = N + 1 };
    g_autoptr(EventFold) fold = event_fold_new(1000000);
    for (int i = 1; i <= N; i++) {
        put_conn(fold, i);
        if (i == FIRST) {
            put(fold, "{\"event\":\"state\",\"conn\":2,\"frame\":2,\"activity\":1,\"confidence\":\"wmi\","
                      "\"activation_conn\":1,\"activation_call\":7}");
            put_call(fold, i, "execute");
        }
        if (i == ANSWERED) {
            put_call(fold, i, "query");
            put(fold, "{\"event\":\"response\",\"conn\":3,\"call\":3,\"frame\":3}");
        }
    }
    put_call(fold, LATE, "execute"); // its Bind was forgotten
    put_conn(fold, LAST);
    put_call(fold, LAST, "execute");
    const EventStream *stream = event_fold_stream(fold);
    g_assert_false(stream->full);
    guint forgotten = stream->forgotten;
    g_assert_cmpuint(forgotten, >, N / 2);
    g_autoptr(RecordSet) set = event_fold_finish(fold);
    g_assert_cmpuint(set->records->len + forgotten, ==, N + 1);
    bool found[N + 2] = {false};
    for (guint i = 0; i < set->records->len; i++) {
        const Record *r = record_at(set, i);
        g_assert_cmpint(r->client.port, ==, 1000 + r->conn);
        g_assert_cmpstr(r->client.ip, ==, "10.0.0.1");
        found[r->conn] = true;
    }
    g_assert_true(found[ACTIVATION] && found[FIRST] && found[ANSWERED] && found[LATE] && found[LAST]);
}

static void put_state(EventFold *fold, int conn, int activity)
{
    g_autofree char *evidence = g_strdup_printf(
        "{\"event\":\"evidence\",\"conn\":%d,\"frame\":%d,\"kind\":\"interface\",\"confidence\":\"wmi\"}", conn, conn);
    g_autofree char *state = g_strdup_printf(
        "{\"event\":\"state\",\"conn\":%d,\"frame\":%d,\"activity\":%d,\"confidence\":\"wmi\"}", conn, conn, activity);
    event_fold_line(fold, evidence, strlen(evidence));
    event_fold_line(fold, state, strlen(state));
}

/** Who looks at a large activity again and again sees a part of it, and is told so. */
static void test_views(void)
{
    g_autoptr(EventFold) fold = event_fold_new(0);
    for (int i = 1; i <= 10; i++)
        put_state(fold, i, i < 10 ? 1 : 10);
    g_autoptr(RecordSet) small = event_fold_view(fold, 9);
    g_assert_cmpint(record_at(small, 0)->conn, ==, 9);
    g_assert_cmpuint(small->records->len, ==, 9);
    put_state(fold, 9, 10); // it turned out to belong to another
    g_autoptr(RecordSet) less = event_fold_view(fold, 1);
    g_assert_cmpuint(less->records->len, ==, 8);
    for (int i = 11; i <= 10000; i++)
        put_state(fold, i, 1);
    g_autoptr(RecordSet) large = event_fold_view(fold, 10000);
    g_assert_cmpint(record_at(large, 0)->conn, ==, 10000);
    g_assert_cmpuint(large->records->len, >, 10);
    g_assert_cmpuint(large->records->len, <, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/fold/whole-record", test_whole_record);
    g_test_add_func("/cli/fold/without-end", test_without_end);
    g_test_add_func("/cli/fold/stream", test_stream);
    g_test_add_func("/cli/fold/final-confidence", test_final_confidence);
    g_test_add_func("/cli/fold/order", test_order);
    g_test_add_func("/cli/fold/interfaces", test_interfaces);
    g_test_add_func("/cli/fold/auth", test_auth);
    g_test_add_func("/cli/fold/own-activation", test_own_activation);
    g_test_add_func("/cli/fold/users", test_users);
    g_test_add_func("/cli/fold/service-of-user", test_service_of_user);
    g_test_add_func("/cli/fold/unnamed-calls", test_unnamed_calls);
    g_test_add_func("/cli/fold/user-without-calls", test_user_without_calls);
    g_test_add_func("/cli/fold/activations-in-one-frame", test_activations_in_one_frame);
    g_test_add_func("/cli/fold/hints", test_hints);
    g_test_add_func("/cli/fold/client-identified", test_client_identified);
    g_test_add_func("/cli/fold/spawned", test_spawned);
    g_test_add_func("/cli/fold/calls", test_calls);
    g_test_add_func("/cli/fold/login", test_login);
    g_test_add_func("/cli/fold/processes", test_processes);
    g_test_add_func("/cli/fold/server-names", test_server_names);
    g_test_add_func("/cli/fold/hostile-lines", test_hostile_lines);
    g_test_add_func("/cli/fold/bounded", test_bounded);
    g_test_add_func("/cli/fold/views", test_views);
    g_test_add_func("/cli/fold/worth", test_worth);
    return g_test_run();
}
