// SPDX-License-Identifier: GPL-2.0-or-later
// Which tickets wait, and what lets them go. A ticket is named by its number.

#include "packet-builder.h"
#include "scan/tickets.h"
#include "token-builder.h"

#define TICKET_OFFSET 210 ///< bytes of a Bind that are needed to tell its ticket: its head stands there

static const char *const service[] = {"host", "srv", NULL};

typedef struct {
    Tickets *tickets;
    GString *kept;
} Run;

static void take(const CapturePacket *packet, gpointer data)
{
    g_string_append_printf(data, "%u ", (guint) packet->number);
}

static void run_init(Run *run)
{
    run->kept = g_string_new(NULL);
    run->tickets = tickets_new(take, run->kept);
}

static void run_clear(Run *run)
{
    tickets_free(run->tickets);
    g_string_free(run->kept, TRUE);
}

static Address host(uint8_t number)
{
    return address_from_v4((const uint8_t[]){10, 0, 0, number});
}

static GByteArray *make_reply(uint8_t number)
{
    GByteArray *reply = tb_kdc_reply(13, false, "ann", "EXAMPLE.COM", tb_ticket("EXAMPLE.COM", service, number));
    return tb_der(0x6d, reply);
}

/** Ticket `number`, told to the host `client`. */
static void issue(Run *run, uint8_t number, uint8_t client)
{
    g_autoptr(GByteArray) reply = make_reply(number);
    const CapturePacket packet = {.number = number, .data = reply->data, .len = reply->len};
    const Layers layers = {
        .ip = {host(100), host(client)}, .port = {88, 1000}, .payload = reply->data, .payload_len = reply->len};
    tickets_datagram(run->tickets, &packet, &layers);
}

/** A Bind of the host `client` with ticket `number`, in segments of `size` bytes; what is behind `seen` was not captured. */
static void use(Run *run, uint8_t number, uint8_t client, uint32_t size, size_t seen)
{
    g_autoptr(GByteArray) token = tb_ap_req(tb_ticket("EXAMPLE.COM", service, number));
    uint8_t pdu[1024];
    uint32_t len = (uint32_t) pdu_bind(pdu, uuid_login, token);
    TokenSearch search = {0};
    for (uint32_t at = 0; at < len; at += size) {
        uint32_t part = MIN(size, len - at);
        const Layers layers = {.kind = LAYERS_TCP,
                               .ip = {host(client), host(200)},
                               .port = {1001, 49670},
                               .seq = 5000 + at,
                               .payload = pdu + at,
                               .payload_wire = part,
                               .payload_len = at < seen ? MIN(part, seen - at) : 0};
        tickets_conversation(run->tickets, &search, 0, &layers);
    }
}

static void test_who_needs_them(void)
{
    Run run;
    run_init(&run);
    issue(&run, 1, 1);
    issue(&run, 2, 2);
    issue(&run, 3, 1);
    issue(&run, 4, 3);
    g_assert_cmpstr(run.kept->str, ==, "");
    use(&run, 9, 1, 1460, 1460); // a ticket that was not seen being issued
    g_assert_cmpstr(run.kept->str, ==, "1 3 ");
    use(&run, 2, 7, 1460, 1460); // of another host, as behind an address translation
    g_assert_cmpstr(run.kept->str, ==, "1 3 2 ");
    issue(&run, 5, 1);
    run_clear(&run);
}

/** Which of several answers counts depends on their order: what has a host or a ticket in common goes together. */
static void test_order(void)
{
    Run run;
    run_init(&run);
    issue(&run, 1, 1);
    issue(&run, 2, 2);
    issue(&run, 1, 2);
    issue(&run, 3, 3);
    issue(&run, 2, 4);
    use(&run, 1, 9, 1460, 1460);
    g_assert_cmpstr(run.kept->str, ==, "1 2 1 2 ");
    run_clear(&run);
}

/** Segments may be of any size: where they do not show the ticket, all that waits is let go. */
static void test_segments(void)
{
    for (uint32_t size = 1; size <= 700; size += size < 20 ? 1 : 60) {
        Run run;
        run_init(&run);
        issue(&run, 1, 1);
        issue(&run, 2, 2);
        use(&run, 1, 7, size, 1460);
        g_assert_cmpstr(run.kept->str, ==, size < TICKET_OFFSET ? "1 2 " : "1 ");
        run_clear(&run);
    }
    Run run;
    run_init(&run);
    issue(&run, 1, 1);
    use(&run, 9, 7, 1460, 90); // the capture was snapped
    g_assert_cmpstr(run.kept->str, ==, "1 ");
    run_clear(&run);
}

static void send(Run *run, TicketExchange **exchange, guint number, uint32_t seq, const uint8_t *data, size_t len)
{
    const CapturePacket packet = {.number = number};
    const Layers layers = {.kind = LAYERS_TCP,
                           .port = {88, 1000},
                           .seq = seq,
                           .payload = data,
                           .payload_wire = (uint32_t) len,
                           .payload_len = len};
    tickets_segment(run->tickets, exchange, &packet, &layers);
}

static void test_connection(void)
{
    g_autoptr(GByteArray) reply = make_reply(1);
    const uint8_t length[4] = {0, 0, (uint8_t) (reply->len >> 8), (uint8_t) reply->len};
    g_byte_array_prepend(reply, length, sizeof(length));
    const Address client = host(1);
    Run run;
    run_init(&run);
    TicketExchange *exchange;
    tickets_begin(run.tickets, &exchange, &client);
    send(&run, &exchange, 1, 99, NULL, 0);
    send(&run, &exchange, 2, 100, reply->data, 350);
    send(&run, &exchange, 3, 450, reply->data + 350, reply->len - 350);
    send(&run, &exchange, 4, 100, reply->data, 350); // again
    g_assert_cmpstr(run.kept->str, ==, "");
    use(&run, 1, 7, 1460, 1460);
    g_assert_cmpstr(run.kept->str, ==, "1 2 3 4 ");
    g_assert_null(exchange);
    send(&run, &exchange, 5, 100 + reply->len, NULL, 0);
    g_assert_cmpstr(run.kept->str, ==, "1 2 3 4 5 ");

    tickets_begin(run.tickets, &exchange, &client);
    send(&run, &exchange, 6, 100, reply->data, reply->len);
    send(&run, &exchange, 7, 100 + reply->len, reply->data,
         reply->len); // a second answer, whose ticket is not looked at
    g_assert_cmpstr(run.kept->str, ==, "1 2 3 4 5 ");
    use(&run, 9, 8, 1460, 1460);
    g_assert_cmpstr(run.kept->str, ==, "1 2 3 4 5 6 7 ");
    run_clear(&run);
}

/** No more waits than a bound allows: the oldest ones are kept. */
static void test_bound(void)
{
    Run run;
    run_init(&run);
    for (guint i = 0; i < 60000; i++)
        issue(&run, (uint8_t) (i / 300), (uint8_t) (i / 300));
    g_assert_true(g_str_has_prefix(run.kept->str, "0 0 0 "));
    g_assert_false(g_str_has_suffix(run.kept->str, " 199 "));
    tickets_release_all(run.tickets);
    g_assert_true(g_str_has_suffix(run.kept->str, " 199 "));
    run_clear(&run);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/tickets/who-needs-them", test_who_needs_them);
    g_test_add_func("/scan/tickets/order", test_order);
    g_test_add_func("/scan/tickets/segments", test_segments);
    g_test_add_func("/scan/tickets/connection", test_connection);
    g_test_add_func("/scan/tickets/bound", test_bound);
    return g_test_run();
}
