// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of the scan: which packets are kept, in which order. The numbers are those of the packets.

#include "packet-builder.h"
#include "scan/scan.h"
#include "token-builder.h"

#include <inttypes.h>
#include <string.h>

#define HTTP "GET / HTTP/1.1\r\n\r\n"

typedef struct {
    Scan *scan;
    GString *kept;
    guint kept_count;
    uint64_t number;
    uint32_t seq[2]; ///< next of client and server
    uint16_t client_port, server_port;
} Run;

static void take(const CapturePacket *packet, gpointer data)
{
    Run *run = data;
    g_string_append_printf(run->kept, "%" PRIu64 " ", packet->number);
    run->kept_count++;
}

static void run_init(Run *run, const ScanOptions *options)
{
    static const ScanOptions none = {0};
    *run = (Run){.kept = g_string_new(NULL)};
    run->scan = scan_new(options ? options : &none, take, run);
}

static guint regrets(const Run *run)
{
    return g_hash_table_size(scan_regrets(run->scan));
}

static void run_clear(Run *run)
{
    scan_free(run->scan);
    g_string_free(run->kept, TRUE);
}

static void expect(Run *run, const char *kept)
{
    scan_finish(run->scan);
    g_assert_cmpstr(run->kept->str, ==, kept);
}

static void put(Run *run, const FrameBuilder *frame)
{
    CapturePacket packet = frame_packet(frame, ++run->number);
    scan_packet(run->scan, &packet);
}

static void send_flags(Run *run, bool server, uint8_t flags, gconstpointer payload, size_t len)
{
    FrameBuilder frame;
    frame_segment(&frame, server, run->client_port, run->server_port, run->seq[server], run->seq[!server], flags,
                  payload, len);
    put(run, &frame);
    run->seq[server] += (uint32_t) len + (flags & TCP_SYN ? 1 : 0);
}

static void send_data(Run *run, bool server, gconstpointer payload, size_t len)
{
    send_flags(run, server, TCP_ACK, payload, len);
}

static void join_flow(Run *run, uint16_t client_port, uint16_t server_port)
{
    run->client_port = client_port;
    run->server_port = server_port;
    run->seq[0] = 1000;
    run->seq[1] = 5000;
}

/** Three packets. */
static void open_flow(Run *run, uint16_t client_port, uint16_t server_port)
{
    join_flow(run, client_port, server_port);
    send_flags(run, false, TCP_SYN, NULL, 0);
    send_flags(run, true, TCP_SYN | TCP_ACK, NULL, 0);
    send_data(run, false, NULL, 0);
}

static void send_bind(Run *run, const uint8_t uuid[16], const GByteArray *token)
{
    uint8_t pdu[1024];
    send_data(run, false, pdu, pdu_bind(pdu, uuid, token));
}

static void send_ack(Run *run)
{
    uint8_t pdu[512];
    size_t len = pdu_bind(pdu, uuid_samr, NULL);
    pdu[2] = 12;
    send_data(run, true, pdu, len);
}

static void send_request(Run *run, uint8_t flags, uint16_t opnum, uint32_t stub_len)
{
    uint8_t pdu[1024];
    send_data(run, false, pdu, pdu_request(pdu, flags, opnum, stub_len));
}

static void test_whole_conversation(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 49670);
    send_bind(&run, uuid_login, NULL);
    send_ack(&run);
    send_data(&run, false, NULL, 0);
    send_flags(&run, false, TCP_RST, NULL, 0);
    expect(&run, "1 2 3 4 5 6 7 ");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);
}

static void test_other_traffic(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 80);
    send_data(&run, false, HTTP, strlen(HTTP));
    send_data(&run, true, "HTTP/1.1 200 OK\r\n\r\n", 19);
    open_flow(&run, 1001, 49668); // other RPC
    send_bind(&run, uuid_samr, NULL);
    send_ack(&run);
    send_request(&run, 3, 5, 100);
    FrameBuilder frame;
    frame_init(&frame, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
    frame_udp(&frame, 5353, 53);
    frame_ipv4(&frame, 17, 1, 2);
    frame_ethernet(&frame, 0x0800);
    put(&run, &frame);
    frame_init(&frame, "\0\1\x08\0\6\4\0\1", 8);
    frame_ethernet(&frame, 0x0806);
    put(&run, &frame);
    expect(&run, "");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);
}

/** A Bind to an interface that nobody knows: its first request tells. */
static void test_unknown_object(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 49668);
    uint8_t pdu[1024];
    g_autoptr(GByteArray) token = tb_filler(500);
    size_t len = pdu_bind(pdu, uuid_samr, token);
    send_data(&run, false, pdu, 300); // its token spans segments
    send_data(&run, false, pdu + 300, len - 300);
    send_ack(&run);
    send_request(&run, 0x83, 5, 100);
    send_data(&run, true, NULL, 0);
    expect(&run, "1 2 3 4 5 6 7 8 ");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);
}

static void test_joined_in_the_middle(void)
{
    Run run;
    run_init(&run, NULL);
    join_flow(&run, 1000, 49668);
    send_data(&run, true, "the middle of something", 23);
    send_data(&run, true, "and more of it", 14);
    send_data(&run, false, NULL, 0);
    send_request(&run, 0x83, 5, 100);
    expect(&run, "1 2 3 4 ");
    run_clear(&run);
}

/** The UUID in another segment than the header, or the header itself in two. */
static void test_split(void)
{
    for (size_t at = 1; at < 72; at++) {
        Run run;
        run_init(&run, NULL);
        open_flow(&run, 1000, 49668);
        uint8_t pdu[512];
        size_t len = pdu_bind(pdu, uuid_login, NULL);
        send_data(&run, false, pdu, at);
        send_data(&run, false, pdu + at, len - at);
        expect(&run, "1 2 3 4 5 ");
        g_assert_cmpuint(regrets(&run), ==, 0);
        run_clear(&run);
    }
}

static void test_overtaken(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 49668);
    uint8_t pdu[512];
    size_t len = pdu_bind(pdu, uuid_login, NULL);
    run.seq[0] += 50;
    send_data(&run, false, pdu + 50, len - 50);
    run.seq[0] = 1001;
    send_data(&run, false, pdu, 50);
    expect(&run, "1 2 3 5 4 ");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);
}

/** Whatever comes first: a PDU that matters is found, and regretted. */
static void test_regret(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 445);
    send_data(&run, false, HTTP, strlen(HTTP));
    uint8_t data[512] = "something before";
    size_t len = 40 + pdu_bind(data + 40, uuid_login, NULL);
    send_data(&run, false, data, len);
    send_data(&run, true, "x", 1);
    expect(&run, "5 6 ");
    g_assert_cmpuint(regrets(&run), ==, 1);

    Run again;
    const ScanOptions wanted = {.wanted = scan_regrets(run.scan)};
    run_init(&again, &wanted);
    open_flow(&again, 1000, 445);
    send_data(&again, false, HTTP, strlen(HTTP));
    send_data(&again, false, data, len);
    open_flow(&again, 1001, 445);
    send_data(&again, false, HTTP, strlen(HTTP));
    expect(&again, "1 2 3 4 5 ");
    g_assert_cmpuint(regrets(&again), ==, 0);
    run_clear(&again);
    run_clear(&run);
}

/** … though its header stands in two segments. */
static void test_regret_split(void)
{
    for (size_t at = 1; at < 40; at++) {
        Run run;
        run_init(&run, NULL);
        open_flow(&run, 1000, 49668);
        send_bind(&run, uuid_samr, NULL);
        send_request(&run, 3, 5, 100);
        uint8_t data[512] = {0};
        size_t len = 20 + pdu_request(data + 20, 0x83, 5, 10);
        send_data(&run, false, data, 20 + at);
        g_assert_cmpuint(regrets(&run), ==, at >= 8);
        send_data(&run, false, data + 20 + at, len - 20 - at);
        g_assert_cmpuint(regrets(&run), ==, 1);
        run_clear(&run);
    }
}

static void test_new_connection_on_the_same_ports(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 49668);
    send_data(&run, false, HTTP, strlen(HTTP));
    join_flow(&run, 1000, 49668);
    run.seq[0] = 777777;
    send_flags(&run, false, TCP_SYN, NULL, 0);
    send_bind(&run, uuid_login, NULL);
    expect(&run, "5 6 ");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);
}

static void test_endpoint_mapper(void)
{
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 135);
    send_bind(&run, uuid_samr, NULL);
    send_ack(&run);
    send_request(&run, 3, 3, 156);
    expect(&run, "");
    run_clear(&run);

    for (int rpcss = 0; rpcss < 2; rpcss++) {
        const char *const service[] = {rpcss ? "RPCSS" : "host", "srv", NULL};
        g_autoptr(GByteArray) token = tb_ap_req(tb_ticket("EXAMPLE.COM", service, 1));
        run_init(&run, NULL);
        open_flow(&run, 1000, 135);
        send_bind(&run, uuid_samr, token);
        send_ack(&run);
        send_request(&run, 3, 3, 156);
        send_flags(&run, false, TCP_FIN | TCP_ACK, NULL, 0);
        expect(&run, rpcss ? "1 2 3 4 5 6 7 " : "");
        g_assert_cmpuint(regrets(&run), ==, 0);
        run_clear(&run);
    }

    run_init(&run, NULL);
    open_flow(&run, 1000, 135);
    send_data(&run, false, HTTP, strlen(HTTP)); // it cannot be judged
    join_flow(&run, 1001, 135);
    send_request(&run, 3, 3, 100);
    expect(&run, "1 2 3 4 5 ");
    run_clear(&run);

    run_init(&run, NULL);
    open_flow(&run, 1000, 135);
    send_bind(&run, uuid_samr, NULL);
    send_request(&run, 3, 3, 156);
    send_request(&run, 3, 4, 700); // the same connection is used for an activation
    expect(&run, "1 2 3 4 5 6 ");
    g_assert_cmpuint(regrets(&run), ==, 0);
    run_clear(&run);

    run_init(&run, NULL);
    open_flow(&run, 1000, 135);
    send_bind(&run, uuid_samr, NULL);
    for (int i = 0; i < 40; i++) // no flow waits for ever
        send_request(&run, 3, 3, 156);
    send_request(&run, 3, 4, 700);
    g_assert_cmpuint(regrets(&run), ==, 1);
    run_clear(&run);
}

static void test_kerberos(void)
{
    static const uint8_t reply[] = {0, 0, 0, 4, 0x6d, 2, 1, 1}, request[] = {0, 0, 0, 4, 0x6c, 2, 1, 1};
    const ScanOptions keys = {.keys = true};
    for (int with_keys = 0; with_keys < 2; with_keys++) {
        Run run;
        run_init(&run, with_keys ? &keys : NULL);
        open_flow(&run, 1000, 88);
        send_data(&run, false, request, sizeof(request));
        send_data(&run, true, NULL, 0);
        send_data(&run, true, reply, sizeof(reply));
        send_data(&run, false, NULL, 0);
        send_flags(&run, false, TCP_FIN | TCP_ACK, NULL, 0);
        FrameBuilder frame;
        for (int from_kdc = 0; from_kdc < 2; from_kdc++) {
            frame_init(&frame, (from_kdc ? reply : request) + 4, 4);
            frame_udp(&frame, from_kdc ? 88 : 999, from_kdc ? 999 : 88);
            frame_ipv4(&frame, 17, 1, 2);
            frame_ethernet(&frame, 0x0800);
            put(&run, &frame);
        }
        expect(&run, with_keys ? "1 2 3 4 5 6 7 8 9 10 " : ""); // nobody needs them
        run_clear(&run);
    }
    Run run;
    run_init(&run, NULL);
    open_flow(&run, 1000, 88); // no Kerberos
    send_data(&run, false, HTTP, strlen(HTTP));
    send_data(&run, true, "HTTP/1.1 200 OK\r\n\r\n", 19);
    send_data(&run, true, "more", 4);
    expect(&run, "");
    run_clear(&run);
}

/** Joined in the middle, with nothing but acknowledgements for long: the ticket may still come. */
static void test_kerberos_undecided(void)
{
    static const uint8_t reply[] = {0, 0, 0, 4, 0x6d, 2, 1, 1};
    Run run;
    run_init(&run, NULL);
    join_flow(&run, 1000, 88);
    for (guint i = 0; i < 40; i++)
        send_data(&run, i % 2, NULL, 0);
    send_data(&run, true, reply, sizeof(reply));
    scan_finish(run.scan);
    g_assert_nonnull(strstr(run.kept->str, " 41 "));
    run_clear(&run);
}

static void test_what_cannot_be_judged(void)
{
    Run run;
    run_init(&run, NULL);
    FrameBuilder frame;
    frame_init(&frame, "whatever this is", 16);
    frame_ethernet(&frame, 0x1234);
    put(&run, &frame);
    frame_init(&frame, "a tunnel", 8);
    frame_udp(&frame, 1701, 1701);
    frame_ipv4(&frame, 17, 1, 2);
    frame_ethernet(&frame, 0x0800);
    put(&run, &frame);
    frame_segment(&frame, false, 1, 2, 3, 4, TCP_ACK, "x", 1);
    frame.bytes[frame.start + 14 + 6] = 0x20; // a fragment
    put(&run, &frame);
    join_flow(&run, 1, 2); // what follows it in the same flow
    send_data(&run, false, "y", 1);
    expect(&run, "1 2 3 4 ");
    run_clear(&run);
}

static void test_unknown_tunnel(void)
{
    Run run;
    run_init(&run, NULL);
    FrameBuilder frame;
    uint8_t data[256] = "header";
    size_t len = 30 + pdu_bind(data + 30, uuid_login, NULL);
    frame_init(&frame, data, len);
    frame_udp(&frame, 20000, 20001);
    frame_ipv4(&frame, 17, 1, 2);
    frame_ethernet(&frame, 0x0800);
    put(&run, &frame);
    g_assert_cmpuint(regrets(&run), ==, 1);
    Run again;
    const ScanOptions wanted = {.wanted = scan_regrets(run.scan)};
    run_init(&again, &wanted);
    frame_init(&frame, "handshake", 9);
    frame_udp(&frame, 20001, 20000);
    frame_ipv4(&frame, 17, 2, 1);
    frame_ethernet(&frame, 0x0800);
    put(&again, &frame);
    expect(&again, "1 ");
    run_clear(&again);
    run_clear(&run);
}

static void test_quoted(void)
{
    Run run;
    run_init(&run, NULL);
    for (uint16_t port = 1000; port < 1002; port++) {
        join_flow(&run, port, 49668);
        send_flags(&run, false, TCP_SYN, NULL, 0);
        FrameBuilder frame;
        frame_segment(&frame, false, port, 49668, 1000, 0, TCP_SYN, NULL, 0);
        frame.start += 14;
        frame_prepend(&frame, "\3\1\0\0\0\0\0\0", 8);
        frame_ipv4(&frame, 1, 9, 1);
        frame_ethernet(&frame, 0x0800);
        put(&run, &frame);
        if (port == 1000)
            send_bind(&run, uuid_login, NULL);
        else
            send_data(&run, false, HTTP, strlen(HTTP));
        put(&run, &frame);
    }
    expect(&run, "1 2 3 4 ");
    run_clear(&run);
}

static void test_everything(void)
{
    Run run;
    const ScanOptions options = {.everything = true};
    run_init(&run, &options);
    open_flow(&run, 1000, 80);
    send_data(&run, false, HTTP, strlen(HTTP));
    FrameBuilder frame;
    frame_init(&frame, "\0\1\x08\0\6\4\0\1", 8);
    frame_ethernet(&frame, 0x0806);
    put(&run, &frame);
    run.seq[0] += 5;
    send_data(&run, false, "67890", 5);
    run.seq[0] -= 10;
    send_data(&run, false, "12345", 5);
    expect(&run, "1 2 3 4 5 7 6 ");
    run_clear(&run);
}

static void flood(Run *run, guint n, bool bind)
{
    for (guint i = 0; i < n; i++) {
        FrameBuilder frame;
        uint8_t pdu[512];
        frame_init(&frame, pdu, bind ? pdu_bind(pdu, uuid_login, NULL) : 0);
        frame_tcp(&frame, 1000, 49668, 1, 1, bind ? TCP_ACK : TCP_SYN);
        frame_ipv4(&frame, 6, 3, 2);
        memcpy(frame.bytes + frame.start + 12, &i, sizeof(i));
        frame_ethernet(&frame, 0x0800);
        put(run, &frame);
    }
}

static void test_flood_of_syns(void)
{
    Run run;
    const ScanOptions options = {.max_flows = 10000};
    run_init(&run, &options);
    open_flow(&run, 1000, 49668);
    send_bind(&run, uuid_login, NULL);
    flood(&run, 200000, false);
    g_assert_false(scan_overflowed(run.scan));
    send_data(&run, true, NULL, 0);
    expect(&run, "1 2 3 4 200005 ");
    run_clear(&run);
}

/** Some Binds that nobody answers are kept, the others counted; a session among them is kept from its start. */
static void test_flood_of_binds(void)
{
    Run run;
    const ScanOptions options = {.max_flows = 1000};
    run_init(&run, &options);
    flood(&run, 5000, true);
    g_assert_cmpuint(run.kept_count, ==, UNANSWERED_PER_SERVER);
    open_flow(&run, 1000, 49668);
    send_bind(&run, uuid_login, 0);
    g_assert_cmpuint(run.kept_count, ==, UNANSWERED_PER_SERVER); // it waits
    send_ack(&run);
    g_assert_cmpuint(run.kept_count, ==, UNANSWERED_PER_SERVER + 5);
    send_request(&run, 0x83, 3, 100);
    g_assert_cmpuint(run.kept_count, ==, UNANSWERED_PER_SERVER + 6);
    scan_finish(run.scan);
    g_assert_false(scan_overflowed(run.scan));
    g_assert_cmpuint(regrets(&run), ==, 0);
    g_autoptr(GArray) list = unanswered_list(scan_unanswered(run.scan));
    g_assert_cmpuint(list->len, ==, 1);
    const UnansweredServer *server = &g_array_index(list, UnansweredServer, 0);
    g_assert_cmpuint(server->counted, ==, 5000 - UNANSWERED_PER_SERVER);
    g_assert_cmpuint(server->port, ==, 49668);
    run_clear(&run);
}

/** A Bind to a server of which many are unanswered. */
static void ask_in_vain(Run *run)
{
    flood(run, UNANSWERED_PER_SERVER, true);
    open_flow(run, 1000, 49668);
    send_bind(run, uuid_login, 0);
    g_assert_cmpuint(run->kept_count, ==, UNANSWERED_PER_SERVER);
}

/** Where answers were not captured, calls tell it. */
static void test_calls_without_answers(void)
{
    Run run;
    run_init(&run, NULL);
    ask_in_vain(&run);
    send_request(&run, 0x83, 3, 100);
    g_assert_cmpuint(run.kept_count, ==, UNANSWERED_PER_SERVER + 5);
    run_clear(&run);
}

/** The answer comes after the Bind could not wait any longer. */
static void test_late_answer(void)
{
    Run run;
    run_init(&run, NULL);
    ask_in_vain(&run);
    for (guint i = 0; i < 32; i++)
        send_data(&run, true, NULL, 0);
    g_assert_cmpuint(regrets(&run), ==, 0);
    send_ack(&run);
    g_assert_cmpuint(regrets(&run), ==, 1);
    run_clear(&run);
}

/** Room is free again once a Bind is answered. */
static void test_answers_make_room(void)
{
    Run run;
    run_init(&run, NULL);
    for (guint i = 0; i < 2 * UNANSWERED_PER_SERVER; i++) {
        open_flow(&run, (uint16_t) (1000 + i), 49668);
        send_bind(&run, uuid_login, 0);
        send_ack(&run);
    }
    g_assert_cmpuint(run.kept_count, ==, 10 * UNANSWERED_PER_SERVER);
    run_clear(&run);
}

/** What comes back after it left may have been there before. */
static void test_comes_back(void)
{
    Run run;
    const ScanOptions options = {.max_flows = 100};
    run_init(&run, &options);
    open_flow(&run, 1000, 49668);
    send_data(&run, false, HTTP, strlen(HTTP));
    flood(&run, 1000, false);
    g_assert_cmpuint(regrets(&run), ==, 0);
    send_bind(&run, uuid_login, NULL);
    g_assert_cmpuint(regrets(&run), ==, 1);
    run_clear(&run);
}

// ---- captures side by side

/** A first stage for each capture and the second for all; the packets have numbers of their own. */
typedef struct {
    Run first[2], second;
    FlowSet *dropped;
} Stages;

static void hand_on(const CapturePacket *packet, gpointer data)
{
    Stages *stages = data;
    scan_packet(stages->second.scan, packet);
}

static void stages_init(Stages *stages)
{
    *stages = (Stages){.dropped = flow_set_new(FLOW_SET_BITS)};
    ScanOptions options = {.stage = SCAN_SECOND, .dropped = stages->dropped};
    run_init(&stages->second, &options);
    options.stage = SCAN_FIRST;
    for (guint i = 0; i < 2; i++)
        stages->first[i] = (Run){.scan = scan_new(&options, hand_on, stages), .number = i * 100};
}

/** The next capture; the connection goes on. */
static Run *next_capture(Stages *stages)
{
    Run *next = &stages->first[1];
    const Run *before = &stages->first[0];
    next->client_port = before->client_port;
    next->server_port = before->server_port;
    memcpy(next->seq, before->seq, sizeof(next->seq));
    return next;
}

static void stages_expect(Stages *stages, const char *kept, guint n_regrets)
{
    for (guint i = 0; i < 2; i++)
        scan_finish(stages->first[i].scan);
    expect(&stages->second, kept);
    g_assert_cmpuint(regrets(&stages->second), ==, n_regrets);
    for (guint i = 0; i < 2; i++)
        scan_free(stages->first[i].scan);
    run_clear(&stages->second);
    flow_set_free(stages->dropped);
}

static void test_kept_in_both(void)
{
    Stages stages;
    stages_init(&stages);
    open_flow(&stages.first[0], 1000, 49668);
    send_bind(&stages.first[0], uuid_login, NULL);
    Run *second = next_capture(&stages);
    uint8_t request[256];
    size_t len = pdu_request(request, 0x83, 3, 100);
    send_data(second, true, NULL, 0);
    send_data(second, false, request, len);
    send_data(second, true, NULL, 0);
    stages_expect(&stages, "1 2 3 4 101 102 103 ", 0);
}

/** The first capture ends before anybody can tell what the connection is. */
static void test_decided_in_the_second(void)
{
    Stages stages;
    stages_init(&stages);
    open_flow(&stages.first[0], 1000, 49668);
    send_bind(next_capture(&stages), uuid_login, 0);
    stages_expect(&stages, "1 2 3 101 ", 0);
}

/** The first stage dropped what tells that the SYN is not the first of its side: the conversation may be a new one. */
static void test_begun_again(void)
{
    Stages stages;
    stages_init(&stages);
    Run *first = &stages.first[0];
    join_flow(first, 1000, 49668);
    send_request(first, 3, 5, 40); // other RPC
    send_data(first, true, "x", 1);
    first->seq[1] = 777777;
    send_flags(first, true, TCP_SYN, NULL, 0);
    uint8_t pdu[512];
    send_data(first, true, pdu, pdu_bind(pdu, uuid_login, NULL));
    stages_expect(&stages, "3 4 ", 1);
}

/** What was dropped of one capture belongs to a connection that is kept. */
static void test_dropped_in_one(void)
{
    Stages stages;
    stages_init(&stages);
    open_flow(&stages.first[0], 1000, 49668);
    send_bind(&stages.first[0], uuid_login, NULL);
    Run *second = next_capture(&stages);
    for (guint i = 0; i < 40; i++)
        send_data(second, true, HTTP, strlen(HTTP));
    scan_finish(second->scan);
    scan_finish(stages.second.scan);
    g_assert_cmpuint(regrets(&stages.second), ==, 1);
    stages_expect(&stages, stages.second.kept->str, 1);
}

/** Another connection between the same ends may be dropped. */
static void test_ports_used_again(void)
{
    Stages stages;
    stages_init(&stages);
    open_flow(&stages.first[0], 1000, 49668);
    send_data(&stages.first[0], false, HTTP, strlen(HTTP));
    Run *second = next_capture(&stages);
    second->seq[0] += 77777;
    send_flags(second, false, TCP_SYN, NULL, 0);
    send_bind(second, uuid_login, NULL);
    stages_expect(&stages, "101 102 ", 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/whole-conversation", test_whole_conversation);
    g_test_add_func("/scan/other-traffic", test_other_traffic);
    g_test_add_func("/scan/unknown-object", test_unknown_object);
    g_test_add_func("/scan/joined-in-the-middle", test_joined_in_the_middle);
    g_test_add_func("/scan/split", test_split);
    g_test_add_func("/scan/overtaken", test_overtaken);
    g_test_add_func("/scan/regret", test_regret);
    g_test_add_func("/scan/regret-split", test_regret_split);
    g_test_add_func("/scan/new-connection-on-the-same-ports", test_new_connection_on_the_same_ports);
    g_test_add_func("/scan/endpoint-mapper", test_endpoint_mapper);
    g_test_add_func("/scan/kerberos", test_kerberos);
    g_test_add_func("/scan/kerberos-undecided", test_kerberos_undecided);
    g_test_add_func("/scan/what-cannot-be-judged", test_what_cannot_be_judged);
    g_test_add_func("/scan/unknown-tunnel", test_unknown_tunnel);
    g_test_add_func("/scan/quoted", test_quoted);
    g_test_add_func("/scan/everything", test_everything);
    g_test_add_func("/scan/flood-of-syns", test_flood_of_syns);
    g_test_add_func("/scan/flood-of-binds", test_flood_of_binds);
    g_test_add_func("/scan/calls-without-answers", test_calls_without_answers);
    g_test_add_func("/scan/late-answer", test_late_answer);
    g_test_add_func("/scan/answers-make-room", test_answers_make_room);
    g_test_add_func("/scan/comes-back", test_comes_back);
    g_test_add_func("/scan/stages/kept-in-both", test_kept_in_both);
    g_test_add_func("/scan/stages/decided-in-the-second", test_decided_in_the_second);
    g_test_add_func("/scan/stages/begun-again", test_begun_again);
    g_test_add_func("/scan/stages/dropped-in-one", test_dropped_in_one);
    g_test_add_func("/scan/stages/ports-used-again", test_ports_used_again);
    return g_test_run();
}
