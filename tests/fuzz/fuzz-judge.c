// SPDX-License-Identifier: GPL-2.0-or-later
// The whole judge: PDUs of several conversations in any order, replies of a key distribution centre, ends of connections. The
// input is a list of steps; most begin from PDUs that are right, of which the input changes a few bytes, so that it gets deep.

#include "fuzz.h"
#include "judge-fixture.h"
#include "names/interfaces.h"

#include <string.h>

#define CONVERSATIONS 4
#define STEPS 200

/** What one step does. */
enum { RAW, BIND, ACK, CALL, ANSWER, FAULT, ACTIVATE, ACTIVATED, LOGIN, LOGGED_IN, CLIENT, TOKEN, TICKET, TCP, KINDS };

typedef struct {
    Bytes in;
    Judge *judge;
    Conversation *conversations[CONVERSATIONS];
} Run;

static const char *const names[] = {
    "IRemoteActivation",    "ISystemActivator", "IOXIDResolver",
    "IRemUnknown2",         "IWbemLevel1Login", "IWbemLoginClientID",
    "IWbemLoginClientIDEx", "IWbemServices",    "IEnumWbemClassObject",
    "IWbemObjectSink",      "IDispatch",        "samr",
};

static const Guid *const objects[] = {NULL, &ipid_remunknown, &ipid_login, &sb_ipid};

static uint8_t next(Run *run)
{
    return bytes_u8(&run->in);
}

/** The next bytes of the input. */
static StubBuilder noise(Run *run)
{
    StubBuilder s = sb_new(false);
    size_t len = MIN(bytes_u16(&run->in) % 2048u, bytes_left(&run->in));
    const uint8_t *p = bytes_take(&run->in, len);
    if (p)
        g_byte_array_append(s.bytes, p, (guint) len);
    return s;
}

static Request request(Run *run)
{
    uint8_t choice = next(run), flags = next(run);
    return (Request){
        .call_id = next(run) % 8,
        .context_id = next(run) % 4,
        .opnum = next(run) % 32,
        .object = objects[choice % G_N_ELEMENTS(objects)],
        .flags = flags % 4 ? 0 : (uint8_t) (flags >> 4 & 3),
        .verifier = {(uint8_t) (choice & 0x40 ? 10 : 9), (uint8_t) (choice & 0x80 ? flags % 7 : 0), choice >> 4 & 1,
                     NULL},
    };
}

static GByteArray *binding(Run *run, const GByteArray *token)
{
    const char *interfaces[4] = {NULL};
    uint8_t choice = next(run);
    for (unsigned i = 0; i <= choice % 3u; i++)
        interfaces[i] = names[next(run) % G_N_ELEMENTS(names)];
    const Verifier verifier = {(uint8_t) (choice & 0x40 ? 10 : 16), (uint8_t) (choice >> 4 & 3 ? choice >> 4 & 7 : 0),
                               choice >> 7, token};
    PduType type = choice & 8 ? PDU_ALTER_CONTEXT : PDU_BIND;
    return pdu_binding_from(type, next(run) % 8, next(run) % 4, interfaces, token || choice & 4 ? &verifier : NULL);
}

static GByteArray *token_pdu(Run *run)
{
    uint8_t choice = next(run);
    g_autoptr(GByteArray) token =
        choice & 1 ? token_ntlm("CORP", choice & 2 ? "svc" : "bob") : token_kerberos('a' + choice % 3);
    if (choice & 4)
        return binding(run, token);
    g_autoptr(GByteArray) body = g_byte_array_new();
    const Verifier verifier = {(uint8_t) (choice & 1 ? 10 : 16), (uint8_t) (choice % 7), choice >> 7, token};
    return pdu_new(PDU_AUTH3, 3, next(run) % 8, body, &verifier);
}

/** A PDU of this kind; NULL when the step is of another kind. */
static GByteArray *make(Run *run, uint8_t kind)
{
    g_auto(StubBuilder) stub = {0};
    Request r;
    switch (kind) {
    case RAW: stub = noise(run); return g_byte_array_ref(stub.bytes);
    case BIND: return binding(run, NULL);
    case ACK: {
        const uint16_t results[3] = {next(run) % 4, next(run) % 4, next(run) % 4};
        PduType type = next(run) & 1 ? PDU_BIND_ACK : PDU_ALTER_CONTEXT_RESP;
        return pdu_binding_ack(type, next(run) % 8, results, 1 + next(run) % 3, NULL);
    }
    case CALL:
        r = request(run);
        stub = noise(run);
        return pdu_call(&r, &stub);
    case ANSWER:
        r = request(run);
        stub = noise(run);
        return pdu_answer(&r, &stub);
    case FAULT: r = request(run); return pdu_fault(&r, bytes_u32(&run->in));
    case ACTIVATE:
        r = request(run);
        stub = stub_activation(next(run) & 1 ? &clsid_wmi : &clsid_mmc, &iid_login);
        return pdu_call(&r, &stub);
    case ACTIVATED:
        r = request(run);
        stub = stub_activated(next(run), &iid_login);
        return pdu_answer(&r, &stub);
    case LOGIN:
        r = request(run);
        stub = stub_login("\\\\S\\root\\cimv2", "en-US,en");
        return pdu_call(&r, &stub);
    case LOGGED_IN:
        r = request(run);
        stub = stub_logged_in(objects[1 + next(run) % 3]);
        return pdu_answer(&r, &stub);
    case CLIENT:
        r = request(run);
        stub = stub_client_info("WS05", next(run));
        return pdu_call(&r, &stub);
    case TOKEN: return token_pdu(run);
    default: return NULL;
    }
}

/** Changes a few bytes, then sends it. */
static void send(Run *run, Conversation *c, GByteArray *pdu)
{
    uint8_t how = next(run);
    for (unsigned i = 0; i < how % 4u && pdu->len > 0; i++)
        pdu->data[bytes_u16(&run->in) % pdu->len] = next(run);
    if (how & 4 && pdu->len > 0)
        g_byte_array_set_size(pdu, bytes_u16(&run->in) % pdu->len);
    int side = how >> 3 & 1;
    g_auto(StubBuilder) plain = noise(run);
    Pdu read;
    bool fits = how & 16 && pdu_read(pdu->data, pdu->len, &read) && read.complete && read.stub;
    if (fits)
        g_byte_array_set_size(plain.bytes, (guint) (read.stub_len + read.auth_pad_len));
    if (fits)
        judge_decrypted(run->judge, c, side, pdu, &plain);
    else if (side == 0)
        judge_client(run->judge, c, pdu);
    else
        judge_server(run->judge, c, pdu);
}

static void step(Run *run)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    uint8_t kind = next(run), which = next(run);
    Conversation *c = run->conversations[which % CONVERSATIONS];
    GByteArray *pdu = make(run, kind % KINDS);
    if (pdu) {
        send(run, c, pdu);
    } else if (kind % KINDS == TICKET) {
        g_autoptr(GByteArray) reply = reply_kerberos((char) ('a' + which % 3));
        reply->data[bytes_u16(&run->in) % reply->len] ^= next(run);
        const nstime_t time = {.secs = 1596700800 + (time_t) bytes_u16(&run->in) - 1000};
        tracker_kdc_reply(run->judge->tracker, ++run->judge->frame, &time, client, reply->data, reply->len);
    } else {
        const TcpEnd end = {run->judge->frame, which >> 4 & 1, which & 0x20, which & 0x40};
        announce_tcp(run->judge->announcer, c, &end);
    }
}

/** Each line is an object of its own. */
static void check_lines(const GString *lines)
{
    fuzz_require(lines->len == 0 || lines->str[lines->len - 1] == '\n');
    fuzz_require(g_utf8_validate(lines->str, (gssize) lines->len, NULL));
    for (const char *at = lines->str; *at; at = strchr(at, '\n') + 1)
        fuzz_require(g_str_has_prefix(at, "{\"event\":\"") && strchr(at, '\n')[-1] == '}');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[CONVERSATIONS] = {135, 49000, ACTIVATED_PORT, 60000};
    Run run = {.in = bytes_init(data, size, false), .judge = judge_new()};
    for (size_t i = 0; i < CONVERSATIONS; i++)
        run.conversations[i] = judge_connect(run.judge, 1, ACTIVATED_HOST, ports[i]);
    for (unsigned i = 0; i < STEPS && bytes_left(&run.in) > 0; i++)
        step(&run);
    announce_done(run.judge->announcer);
    check_lines(run.judge->lines);
    for (size_t i = 0; i < CONVERSATIONS; i++)
        fuzz_require((run.conversations[i]->id == 0) == (run.conversations[i]->confidence == CONFIDENCE_NONE));
    judge_free(run.judge);
    return 0;
}
