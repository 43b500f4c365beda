// SPDX-License-Identifier: GPL-2.0-or-later
// Packets of a few TCP connections, in any order, through reassembly and the whole judge. What they carry is what stands in the
// input, or PDUs that are right, which the input cuts into segments.

#include "engine.h"
#include "fuzz.h"
#include "judge-fixture.h"
#include "packet-builder.h"
#include "token-builder.h"

#include <wsutil/wmem/wmem.h>

#define PACKETS 300
#define CONNECTIONS 4

typedef struct {
    uint16_t client_port, server_port;
    uint32_t seq[2];        ///< next, by side
    GByteArray *pending[2]; ///< that were not sent yet
} Connection;

static const char *const activators[] = {"IRemoteActivation", NULL};
static const char *const services[] = {"IRemUnknown2", "IWbemLevel1Login", "IWbemServices", NULL};

/** The next PDU of a side. */
static GByteArray *make_pdu(bool from_server, uint16_t port, uint8_t choice)
{
    static const uint16_t accepted[3];
    const Request request = {
        .call_id = choice & 3,
        .context_id = port == 135       ? 0
                      : choice >> 2 & 1 ? 1
                                        : 2,
        .opnum = port == 135       ? 0
                 : choice >> 2 & 1 ? 6
                                   : 20,
        .object = port == 135 ? NULL : &ipid_login,
    };
    g_auto(StubBuilder) stub = {0};
    switch (choice >> 4 & 3) {
    case 0:
        if (from_server)
            return pdu_binding_ack(PDU_BIND_ACK, 1, accepted, 3, NULL);
        return pdu_binding(PDU_BIND, 1, port == 135 ? activators : services, NULL);
    case 1:
        if (from_server)
            stub = port == 135 ? stub_activated(2, &iid_login) : stub_logged_in(&ipid_login);
        else
            stub = port == 135 ? stub_activation(&clsid_wmi, &iid_login) : stub_login("root\\cimv2", NULL);
        return from_server ? pdu_answer(&request, &stub) : pdu_call(&request, &stub);
    case 2:
        stub =
            from_server ? stub_handed_out("IEnumWbemClassObject", &sb_ipid) : stub_query("SELECT * FROM Win32_Process");
        return from_server ? pdu_answer(&request, &stub) : pdu_call(&request, &stub);
    default: return pdu_fault(&request, 5);
    }
}

/** A ticket, in a message of Kerberos over TCP. */
static GByteArray *make_ticket(void)
{
    GByteArray *reply = tb_der(0x6d, reply_kerberos('a'));
    const uint8_t length[4] = {0, 0, (uint8_t) (reply->len >> 8), (uint8_t) reply->len};
    return g_byte_array_prepend(reply, length, sizeof(length));
}

static void put_pending(Connection *c, bool from_server, uint8_t choice, Bytes *in)
{
    if (choice & 0x80) {
        size_t wanted = bytes_u8(in), len = MIN(wanted, bytes_left(in));
        const uint8_t *raw = bytes_take(in, len);
        if (raw)
            g_byte_array_append(c->pending[from_server], raw, (guint) len);
        return;
    }
    g_autoptr(GByteArray) pdu = c->server_port == 88 ? make_ticket() : make_pdu(from_server, c->server_port, choice);
    if (choice & 0x40)
        pdu->data[bytes_u16(in) % pdu->len] ^= bytes_u8(in);
    g_byte_array_append(c->pending[from_server], pdu->data, pdu->len);
}

/** The next segment: where the stream is, or a little before or behind it. */
static void send(Engine *engine, Connection *c, Bytes *in, uint64_t number)
{
    enum { FLAGS = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK, PUT = 8, SHIFT = 16, CUT = 32, ODD_FLAGS = 64, MOST = 128 };
    uint8_t head = bytes_u8(in);
    bool from_server = head & 4;
    GByteArray *pending = c->pending[from_server];
    if (head & PUT)
        put_pending(c, from_server, bytes_u8(in), in);
    size_t wanted = head & MOST ? 1400 : bytes_u8(in), len = MIN(wanted, pending->len);
    uint32_t *seq = &c->seq[from_server], at = *seq;
    if (head & SHIFT)
        at += (uint32_t) (int8_t) bytes_u8(in);
    uint8_t flags = head & ODD_FLAGS ? bytes_u8(in) & FLAGS : TCP_ACK;
    FrameBuilder frame;
    frame_segment(&frame, from_server, c->client_port, c->server_port, at, c->seq[!from_server], flags, pending->data,
                  len);
    *seq = at + (uint32_t) len;
    if (len > 0)
        g_byte_array_remove_range(pending, 0, (guint) len);
    CapturePacket packet = frame_packet(&frame, number);
    if (head & CUT && packet.len > 60)
        packet.len -= 4;
    engine_packet(engine, &packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t ports[CONNECTIONS] = {135, ACTIVATED_PORT, 88, 445};
    static bool begun;
    if (!begun)
        wmem_init();
    begun = true;
    g_autoptr(GString) lines = g_string_new(NULL);
    Engine *engine = engine_new(lines);
    Connection connections[CONNECTIONS];
    for (unsigned i = 0; i < CONNECTIONS; i++)
        connections[i] = (Connection){.client_port = (uint16_t) (40000 + i),
                                      .server_port = ports[i],
                                      .pending = {g_byte_array_new(), g_byte_array_new()}};
    Bytes in = bytes_init(data, size, false);
    for (uint64_t i = 1; i <= PACKETS && bytes_left(&in) > 0; i++)
        send(engine, &connections[in.data[in.pos] % CONNECTIONS], &in, i);
    engine_finish(engine);
    fuzz_require(g_str_has_suffix(lines->str, "{\"event\":\"done\"}\n"));
    fuzz_require(g_utf8_validate(lines->str, (gssize) lines->len, NULL));
    for (unsigned i = 0; i < CONNECTIONS; i++)
        for (unsigned side = 0; side < 2; side++)
            g_byte_array_unref(connections[i].pending[side]);
    engine_free(engine);
    return 0;
}
