// SPDX-License-Identifier: GPL-2.0-or-later
// The whole judge: PDUs of several conversations in any order, replies of a key distribution centre, ends of connections. The
// input is a list of steps; most begin from PDUs that are right, of which the input changes a few bytes, so that it gets deep.

#include "activation-builder.h"
#include "fuzz.h"
#include "judge-fixture.h"

#include <string.h>

#define CONVERSATIONS 4
#define STEPS 200
#define PIECES 3 ///< of a message in fragments

typedef struct {
    Bytes in;
    Judge *judge;
    Conversation *conversations[CONVERSATIONS];
} Run;

static const char *const names[] = {
    "IRemoteActivation",    "ISystemActivator",   "IOXIDResolver",        "IRemUnknown2",
    "IWbemLevel1Login",     "IWbemLoginClientID", "IWbemLoginClientIDEx", "IWbemServices",
    "IEnumWbemClassObject", "IWbemCallResult",    "IWbemObjectSink",      "IDispatch",
    OTHER_INTERFACE,
};

static const Guid *const objects[] = {&ipid_remunknown, &ipid_login, &sb_ipid, &sb_iid_sink};

static uint8_t next(Run *run)
{
    return bytes_u8(&run->in);
}

static const char *one_of(Run *run, const char *const *texts, size_t n)
{
    return texts[next(run) % n];
}

static const Guid *object(Run *run)
{
    return objects[next(run) % G_N_ELEMENTS(objects)];
}

/** The next bytes of the input. */
static StubBuilder noise(Run *run)
{
    StubBuilder s = sb_new(false);
    size_t wanted = bytes_u16(&run->in) % 2048u, len = MIN(wanted, bytes_left(&run->in));
    const uint8_t *p = bytes_take(&run->in, len);
    if (p)
        g_byte_array_append(s.bytes, p, (guint) len);
    return s;
}

// ---- calls whose stubs are right

static AbActivation activation(Run *run)
{
    static const char *const addresses[] = {"SRV[50000]", "10.0.0.2[50000]", "10.0.0.2[49000]", NULL};
    static const Guid *const classes[] = {&clsid_wmi, &clsid_mmc, &sb_clsid_object};
    uint8_t choice = next(run);
    return (AbActivation){
        .clsid = *classes[choice % G_N_ELEMENTS(classes)],
        .n = 1,
        .iids = choice & 0x80 ? &iid_login : &sb_iid_sink,
        .server_name = choice & 0x40 ? "SRV" : NULL,
        .oxid = choice >> 2 & 3,
        .remunknown = ipid_remunknown,
        .addresses = addresses + (choice >> 4 & 3),
        .ipids = choice & 0x40 ? &ipid_login : &sb_ipid,
    };
}

static StubBuilder ask_scm(Run *run)
{
    const AbActivation a = activation(run);
    return ab_scm_request(&a, next(run) & 1, false);
}

static StubBuilder answer_scm(Run *run)
{
    const AbActivation a = activation(run);
    return ab_scm_response(&a, 0, false);
}

static StubBuilder ask_remote(Run *run)
{
    const AbActivation a = activation(run);
    return ab_remote_request(&a, false);
}

static StubBuilder answer_remote(Run *run)
{
    const AbActivation a = activation(run);
    return ab_remote_response(next(run) & 1 ? &a : NULL, false);
}

static StubBuilder ask_oxid(Run *run)
{
    return ab_oxid_request(next(run) & 3, false);
}

static StubBuilder answer_oxid(Run *run)
{
    const AbActivation a = activation(run);
    return ab_oxid_response(next(run) & 7 ? &a : NULL, next(run) & 1 ? 4 : 0, false);
}

static StubBuilder ask_interfaces(Run *run)
{
    const char *interfaces[3] = {names[next(run) % G_N_ELEMENTS(names)], names[next(run) % G_N_ELEMENTS(names)]};
    return stub_query_interface(object(run), interfaces);
}

static StubBuilder answer_interfaces(Run *run)
{
    const Guid ipids[] = {*object(run), *object(run)};
    return stub_interfaces(ipids, 2, next(run) % 3);
}

static StubBuilder ask_login(Run *run)
{
    static const char *const namespaces[] = {"\\\\S\\root\\cimv2", "//./root/cimv2", "root\\subscription", NULL};
    static const char *const locales[] = {"en-US,en", "ms_409,en-US", NULL};
    const char *path = one_of(run, namespaces, G_N_ELEMENTS(namespaces));
    return stub_login(path, one_of(run, locales, G_N_ELEMENTS(locales)));
}

static StubBuilder answer_login(Run *run)
{
    return stub_logged_in(object(run));
}

static StubBuilder say_client(Run *run)
{
    return stub_client_info(next(run) & 1 ? "WS05" : "WS06", next(run));
}

static StubBuilder say_client_ex(Run *run)
{
    return stub_client_info_ex(next(run) & 1 ? "WS05" : NULL, "ws05.corp.example", next(run), next(run));
}

static StubBuilder say_status(Run *run)
{
    StubBuilder s = sb_response(false);
    if (next(run) & 1)
        sb_u32(&s, 0x80041003);
    sb_u32(&s, next(run));
    return s;
}

static StubBuilder ask_object(Run *run)
{
    static const char *const paths[] = {"Win32_Process", "\\\\.\\root\\cimv2:Win32_Process.Handle=\"4\"", "", "=@"};
    return stub_get_object(one_of(run, paths, G_N_ELEMENTS(paths)));
}

static StubBuilder ask_query(Run *run)
{
    return stub_query(next(run) & 1 ? "SELECT * FROM Win32_Process" : "");
}

static StubBuilder answer_query(Run *run)
{
    return stub_handed_out(names[next(run) % G_N_ELEMENTS(names)], object(run));
}

static StubBuilder ask_method(Run *run)
{
    static const char *const commands[] = {"calc.exe",
                                           "cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__1600000000.1 2>&1"};
    return stub_exec_method("Win32_Process", "Create", one_of(run, commands, G_N_ELEMENTS(commands)));
}

static StubBuilder answer_method(Run *run)
{
    return stub_executed("ProcessId", next(run) & 1 ? "42" : "");
}

static StubBuilder write_instance(Run *run)
{
    static const char *const classes[] = {"__EventFilter", "CommandLineEventConsumer", "Win32_Environment"};
    return stub_put_instance(one_of(run, classes, G_N_ELEMENTS(classes)), "CommandLineTemplate", "calc.exe");
}

static StubBuilder ask_nothing(Run *run)
{
    StubBuilder s = sb_request(false);
    s.bytes->data[12] = next(run) & 3; // causality
    return s;
}

/** What is called on 135/tcp, and on objects. */
static const char *const activators[] = {"IRemoteActivation", "ISystemActivator", "IOXIDResolver", NULL};
static const char *const services[] = {"IRemUnknown2",         "IWbemLevel1Login", "IWbemLoginClientID",
                                       "IWbemLoginClientIDEx", "IWbemServices",    "IEnumWbemClassObject",
                                       "IWbemCallResult",      "IDispatch",        NULL};

typedef struct {
    uint16_t context, opnum; ///< of activators or services
    bool has_object;
    StubBuilder (*ask)(Run *);
    StubBuilder (*answer)(Run *);
} Exchange;

static const Exchange activations[] = {
    {0, 0, false, ask_remote, answer_remote}, {1, 4, false, ask_scm, answer_scm},   {1, 3, false, ask_scm, answer_scm},
    {2, 0, false, ask_oxid, answer_oxid},     {2, 4, false, ask_oxid, answer_oxid},
};

static const Exchange calls[] = {
    {0, 3, true, ask_interfaces, answer_interfaces},
    {1, 6, true, ask_login, answer_login},
    {1, 3, true, ask_nothing, say_status},
    {2, 3, true, say_client, say_status},
    {3, 3, true, say_client_ex, say_status},
    {4, 6, true, ask_object, answer_method},
    {4, 14, true, write_instance, say_status},
    {4, 15, true, write_instance, say_status},
    {4, 20, true, ask_query, answer_query},
    {4, 24, true, ask_method, answer_method},
    {4, 22, true, ask_nothing, answer_query},
    {5, 4, true, ask_nothing, say_status},
    {6, 6, true, say_client, say_status},
    {7, 3, true, ask_nothing, answer_query},
};

/** One that fits the conversation, as the next byte chooses. */
static const Exchange *exchange(Run *run, const Conversation *c)
{
    uint8_t choice = next(run);
    if (c->side[1].port == 135)
        return &activations[choice % G_N_ELEMENTS(activations)];
    return &calls[choice % G_N_ELEMENTS(calls)];
}

// ---- PDUs

static Verifier verifier(Run *run, const GByteArray *token)
{
    static const uint8_t types[] = {AUTH_TYPE_NTLM, AUTH_TYPE_SPNEGO, AUTH_TYPE_KERBEROS, AUTH_TYPE_NONE};
    uint8_t choice = next(run);
    return (Verifier){types[choice & 3], choice >> 2 & 7, choice >> 5 & 1 ? 79231 : 0, token};
}

/** A call as it is without its stub. Often the newest one, or its successor. */
static PbCall call(Run *run, const Exchange *e, const Verifier *v)
{
    uint8_t choice = next(run);
    Judge *judge = run->judge;
    if (choice & 1)
        judge->call_id++;
    return (PbCall){
        .call_id = choice & 2 ? next(run) % 8 : judge->call_id,
        .context_id = choice & 4 ? next(run) % 8 : e->context,
        .opnum = choice & 8 ? next(run) % 32 : e->opnum,
        .object = e->has_object || choice & 16 ? object(run) : NULL,
        .alloc_hint = choice & 32 ? bytes_u16(&run->in) : 0,
        .big_endian = (choice & 0xc0) == 0xc0,
        .verifier = v,
    };
}

/** Changes a few bytes, then sends it. */
static void send(Run *run, Conversation *c, int side, GByteArray *pdu)
{
    uint8_t how = next(run);
    for (unsigned i = 0; i < (how & 3) && pdu->len > 0; i++)
        pdu->data[bytes_u16(&run->in) % pdu->len] = next(run);
    if (how & 0x20)
        side = 1 - side;
    if ((how & 0x1c) == 4) {
        g_autoptr(GByteArray) more = g_byte_array_ref(pdu); // the same once more behind it
        GByteArray *const pdus[] = {pdu, g_byte_array_ref(more)};
        (void) judge_frame(run->judge, c, side, pdus, G_N_ELEMENTS(pdus));
    } else if ((how & 0x1c) == 8) {
        size_t len = bytes_u16(&run->in) % (pdu->len + 1);
        (void) judge_snapped(run->judge, c, side, pdu, len);
    } else if ((how & 0x1c) == 12) {
        // Decrypted, to what it says anyway.
        Pdu read;
        g_auto(StubBuilder) plain = sb_new(false);
        if (pdu_read(pdu->data, pdu->len, &read) && read.stub)
            g_byte_array_append(
                plain.bytes, read.stub,
                (guint) MIN(read.stub_len + read.auth_pad_len, (size_t) (pdu->data + pdu->len - read.stub)));
        (void) judge_decrypted(run->judge, c, side, pdu, &plain);
    } else if (side == 0) {
        (void) judge_client(run->judge, c, pdu);
    } else {
        (void) judge_server(run->judge, c, pdu);
    }
}

/** A request or a response, whole or in fragments. */
static void send_call(Run *run, Conversation *c, bool is_request, bool in_pieces)
{
    const Exchange *e = exchange(run, c);
    const Verifier v = verifier(run, NULL);
    PbCall whole = call(run, e, &v);
    uint8_t choice = next(run);
    g_auto(StubBuilder) stub = choice & 1 ? (is_request ? e->ask : e->answer)(run) : noise(run);
    unsigned pieces = in_pieces ? PIECES : 1;
    for (unsigned i = 0; i < pieces; i++) {
        size_t from = stub.bytes->len * i / pieces, to = stub.bytes->len * (i + 1) / pieces;
        PbCall part = whole;
        part.flags = (uint8_t) ((i == 0 ? PFC_FIRST_FRAG : 0x40) | (i + 1 == pieces ? PFC_LAST_FRAG : 0));
        part.stub = to > from ? stub.bytes->data + from : NULL;
        part.stub_len = to - from;
        send(run, c, is_request ? 0 : 1, is_request ? pb_request(&part) : pb_response(&part));
    }
}

static GByteArray *binding(Run *run, const GByteArray *token)
{
    const char *interfaces[4] = {NULL};
    uint8_t choice = next(run);
    for (unsigned i = 0; i <= choice % 3u; i++)
        interfaces[i] = names[next(run) % G_N_ELEMENTS(names)];
    const Verifier v = verifier(run, token);
    PduType type = choice & 8 ? PDU_ALTER_CONTEXT : PDU_BIND;
    return pdu_binding_from(type, next(run) % 8, next(run) % 8, interfaces, &v);
}

static GByteArray *binding_ack(Run *run)
{
    const uint16_t results[3] = {next(run) % 4, next(run) % 4, next(run) % 4};
    PduType type = next(run) & 1 ? PDU_BIND_ACK : PDU_ALTER_CONTEXT_RESP;
    return pdu_binding_ack(type, next(run) % 8, results, next(run) % 4, NULL);
}

static void send_token(Run *run, Conversation *c)
{
    uint8_t choice = next(run);
    g_autoptr(GByteArray) token =
        choice & 1 ? token_ntlm("CORP", choice & 2 ? "svc" : "bob") : token_kerberos((char) ('a' + (choice >> 4 & 3)));
    if (choice & 4) {
        send(run, c, 0, binding(run, token));
        return;
    }
    const Verifier v = verifier(run, token);
    send(run, c, 0, pb_auth3(next(run) % 8, &v));
}

// ---- steps

enum { ASK, ANSWER, ASK_PIECES, ANSWER_PIECES, FAULT, BIND, ACK, TOKEN, RAW, TICKET, TCP, KINDS };

static void step(Run *run)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    uint8_t choice = next(run), which = next(run);
    Conversation *c = run->conversations[which % CONVERSATIONS];
    unsigned kind = choice % KINDS;
    switch (kind) {
    case ASK:
    case ASK_PIECES: send_call(run, c, true, kind == ASK_PIECES); break;
    case ANSWER:
    case ANSWER_PIECES: send_call(run, c, false, kind == ANSWER_PIECES); break;
    case FAULT: {
        const Verifier v = verifier(run, NULL);
        const PbCall failed = call(run, &calls[0], &v);
        send(run, c, 1, pb_fault(&failed, bytes_u32(&run->in)));
        break;
    }
    case BIND: send(run, c, 0, binding(run, NULL)); break;
    case ACK: send(run, c, 1, binding_ack(run)); break;
    case TOKEN: send_token(run, c); break;
    case RAW: {
        g_auto(StubBuilder) raw = noise(run);
        send(run, c, which >> 7, g_byte_array_ref(raw.bytes));
        break;
    }
    case TICKET: {
        g_autoptr(GByteArray) reply = reply_kerberos((char) ('a' + (which >> 4 & 3)));
        reply->data[bytes_u16(&run->in) % reply->len] ^= next(run);
        const nstime_t time = judge_time(++run->judge->frame);
        tracker_kdc_reply(run->judge->tracker, run->judge->frame, &time, client, reply->data, reply->len);
        break;
    }
    default: {
        const TcpEnd end = {run->judge->frame, which >> 4 & 1, which & 0x20, which & 0x40};
        announce_tcp(run->judge->announcer, c, &end);
    }
    }
}

/** Each line is an object of its own. */
static void check_lines(const GString *lines)
{
    fuzz_require(lines->len == 0 || lines->str[lines->len - 1] == '\n');
    fuzz_require(strlen(lines->str) == lines->len && g_utf8_validate(lines->str, (gssize) lines->len, NULL));
    for (const char *at = lines->str; *at; at = strchr(at, '\n') + 1)
        fuzz_require(g_str_has_prefix(at, "{\"event\":\"") && strchr(at, '\n')[-1] == '}');
}

/** The first byte says which of the conversations begin with a Bind to all that is called on them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[CONVERSATIONS] = {135, 49000, ACTIVATED_PORT, 60000};
    Run run = {.in = bytes_init(data, size, false), .judge = judge_new()};
    uint8_t bound = next(&run);
    for (unsigned i = 0; i < CONVERSATIONS; i++) {
        bool is_callback = bound & 0x80 && i == CONVERSATIONS - 1;
        uint8_t from = is_callback ? ACTIVATED_HOST : 1, to = is_callback ? 1 : ACTIVATED_HOST;
        run.conversations[i] = judge_connect(run.judge, from, to, ports[i]);
        if (!(bound & 1u << i))
            (void) judge_bind(run.judge, run.conversations[i], i == 0 ? activators : services, NULL);
    }
    for (unsigned i = 0; i < STEPS && bytes_left(&run.in) > 0; i++)
        step(&run);
    announce_done(run.judge->announcer);
    check_lines(run.judge->lines);
    for (size_t i = 0; i < CONVERSATIONS; i++)
        fuzz_require((run.conversations[i]->id == 0) == (run.conversations[i]->confidence == CONFIDENCE_NONE));
    judge_free(run.judge);
    return 0;
}
