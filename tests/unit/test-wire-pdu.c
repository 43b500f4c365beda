// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/pdu.h"

#include "names/words.h"

typedef struct {
    uint8_t data[512];
    size_t len;
    bool big_endian;
} Builder;

static void put(Builder *b, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        b->data[b->len + (b->big_endian ? size - 1 - i : i)] = (uint8_t) (i < 8 ? value >> 8 * i : 0);
    b->len += size;
}

static void put_guid(Builder *b, uint32_t data1)
{
    put(b, data1, 4);
    put(b, 0x1111, 2);
    put(b, 0x2222, 2);
    for (unsigned i = 0; i < 8; i++)
        put(b, i, 1);
}

static Builder start(PduType type, uint8_t flags, uint16_t auth_len, bool big_endian)
{
    Builder b = {.big_endian = big_endian};
    put(&b, 5, 1);
    put(&b, 0, 1);
    put(&b, type, 1);
    put(&b, flags, 1);
    put(&b, big_endian ? 0x00 : 0x10, 1);
    put(&b, 0, 1);
    put(&b, 0, 2);
    put(&b, 0, 2); // frag_len, see finish()
    put(&b, auth_len, 2);
    put(&b, 0x01020304, 4);
    return b;
}

static void finish(Builder *b)
{
    b->data[8 + b->big_endian] = (uint8_t) b->len;
    b->data[9 - b->big_endian] = (uint8_t) (b->len >> 8);
}

static void put_verifier(Builder *b, uint8_t type, uint8_t level, uint8_t pad, uint16_t auth_len)
{
    put(b, 0, pad);
    put(b, type, 1);
    put(b, level, 1);
    put(b, pad, 1);
    put(b, 0, 1);
    put(b, 79231, 4);
    for (unsigned i = 0; i < auth_len; i++)
        put(b, 0xa0 + i, 1);
}

static Builder bind(bool big_endian)
{
    Builder b = start(PDU_BIND, PFC_FIRST_FRAG | PFC_LAST_FRAG, 4, big_endian);
    put(&b, 5840, 2);
    put(&b, 5840, 2);
    put(&b, 77, 4);
    put(&b, 2, 1);
    put(&b, 0, 3);
    for (uint16_t id = 0; id < 2; id++) {
        put(&b, id, 2);
        put(&b, 1u + id, 1); // transfer syntaxes
        put(&b, 0, 1);
        put_guid(&b, 0x143u + id);
        put(&b, 3, 2);
        put(&b, 1, 2);
        for (unsigned t = 0; t < 1u + id; t++) {
            put_guid(&b, 0x8a885d04 + t);
            put(&b, 2, 4);
        }
    }
    put_verifier(&b, AUTH_TYPE_SPNEGO, AUTH_LEVEL_PACKET, 0, 4);
    finish(&b);
    return b;
}

static void check_bind(const Pdu *pdu)
{
    g_assert_cmpint(pdu->type, ==, PDU_BIND);
    g_assert_cmpuint(pdu->call_id, ==, 0x01020304);
    g_assert_cmpuint(pdu->assoc_group, ==, 77);
    g_assert_cmpuint(pdu->n_contexts, ==, 2);
    g_assert_cmpuint(pdu->contexts[1].id, ==, 1);
    g_assert_cmpuint(pdu->contexts[1].n_transfers, ==, 2);
    g_assert_cmpuint(pdu->contexts[0].uuid.data1, ==, 0x143);
    g_assert_cmpuint(pdu->contexts[1].uuid.data1, ==, 0x144);
    g_assert_cmpuint(pdu->contexts[1].uuid.data4[7], ==, 7);
    g_assert_cmpuint(pdu->contexts[1].transfer.data1, ==, 0x8a885d04);
    g_assert_cmpuint(pdu->contexts[0].version_major, ==, 3);
    g_assert_cmpuint(pdu->contexts[0].version_minor, ==, 1);
    g_assert_true(pdu->has_auth);
    g_assert_cmpuint(pdu->auth_type, ==, AUTH_TYPE_SPNEGO);
    g_assert_cmpuint(pdu->auth_level, ==, AUTH_LEVEL_PACKET);
    g_assert_cmpuint(pdu->auth_context_id, ==, 79231);
    g_assert_cmpuint(pdu->auth_value_len, ==, 4);
    g_assert_cmpuint(pdu->auth_value[0], ==, 0xa0);
}

static void test_bind(void)
{
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        Builder b = bind(big_endian);
        Pdu pdu;
        g_assert_true(pdu_read(b.data, b.len, &pdu));
        g_assert_true(pdu.complete);
        g_assert_cmpint(pdu.big_endian, ==, big_endian);
        check_bind(&pdu);
        // More bytes behind it are the next PDU.
        g_assert_true(pdu_read(b.data, sizeof(b.data), &pdu));
        check_bind(&pdu);
    }
}

static void test_bind_snapped(void)
{
    Builder b = bind(false);
    Pdu pdu;
    g_assert_true(pdu_read(b.data, 62, &pdu)); // the second context's UUID is cut off
    g_assert_false(pdu.complete);
    g_assert_false(pdu.has_auth);
    g_assert_cmpuint(pdu.n_contexts, ==, 1);
    g_assert_cmpuint(pdu.contexts[0].uuid.data1, ==, 0x143);
}

static void test_first(void)
{
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        Builder b = bind(big_endian);
        g_assert_true(pdu_is_first(b.data, b.len));
        g_assert_true(pdu_is_first(b.data, PDU_HEADER_SIZE)); // the rest is in other segments
        g_assert_false(pdu_is_first(b.data, PDU_HEADER_SIZE - 1));
        for (size_t len = 0; len <= PDU_HEADER_SIZE; len++)
            g_assert_true(pdu_may_be_first(b.data, len) == (len > 0 && len < PDU_HEADER_SIZE));
    }
}

static void test_not_first(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } changes[] = {
        {0, 4}, // version
        {1, 2}, // minor version
        {2, PDU_ALTER_CONTEXT},
        {2, PDU_BIND_ACK},
        {3, PFC_FIRST_FRAG},
        {4, 0x12}, // character set
        {4, 0x20}, // byte order
        {5, 4},    // floating point
        {6, 1},    // reserved
        {7, 1},    // reserved
        {8, 71},   // too short for an interface
        {10, 77},  // too short for one and this token
    };
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        Builder b = bind(false);
        b.data[changes[i].at] = changes[i].value;
        g_assert_false(pdu_is_first(b.data, b.len));
        bool in_length = changes[i].at >= 8; // of which nothing is said
        g_assert_true(pdu_may_be_first(b.data, PDU_HEADER_SIZE - 1) == in_length);
    }
}

static void test_bind_ack(void)
{
    Builder b = start(PDU_BIND_ACK, PFC_FIRST_FRAG | PFC_LAST_FRAG, 0, false);
    put(&b, 5840, 2);
    put(&b, 5840, 2);
    put(&b, 78, 4);
    put(&b, 6, 2);
    for (unsigned i = 0; i < 6; i++)
        put(&b, (uint8_t) "49154"[i], 1);
    while (b.len % 4)
        put(&b, 0xff, 1);
    put(&b, 3, 1);
    put(&b, 0, 3);
    for (uint16_t result = 0; result < 3; result++) {
        put(&b, (uint64_t[]){CONTEXT_ACCEPTED, CONTEXT_PROVIDER_REJECTED, CONTEXT_NEGOTIATED}[result], 2);
        put(&b, 2, 2);
        put_guid(&b, 0);
        put(&b, 2, 4);
    }
    finish(&b);
    Pdu pdu;
    g_assert_true(pdu_read(b.data, b.len, &pdu));
    g_assert_cmpuint(pdu.n_results, ==, 3);
    g_assert_cmpuint(pdu.results[0], ==, CONTEXT_ACCEPTED);
    g_assert_cmpuint(pdu.results[1], ==, CONTEXT_PROVIDER_REJECTED);
    g_assert_cmpuint(pdu.results[2], ==, CONTEXT_NEGOTIATED);
}

static Builder request(bool object, uint8_t pad)
{
    Builder b =
        start(PDU_REQUEST, (uint8_t) (PFC_FIRST_FRAG | PFC_LAST_FRAG | (object ? PFC_OBJECT_UUID : 0)), 16, false);
    put(&b, 12, 4);
    put(&b, 7, 2);
    put(&b, 24, 2);
    if (object)
        put_guid(&b, 0xabcd);
    for (unsigned i = 0; i < 12; i++)
        put(&b, 0x30 + i, 1);
    put_verifier(&b, AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, pad, 16);
    finish(&b);
    return b;
}

static void test_request(void)
{
    for (int object = 0; object <= 1; object++) {
        Builder b = request(object, 4);
        Pdu pdu;
        g_assert_true(pdu_read(b.data, b.len, &pdu));
        g_assert_cmpuint(pdu.context_id, ==, 7);
        g_assert_cmpuint(pdu.opnum, ==, 24);
        g_assert_cmpint(pdu.has_object, ==, object);
        g_assert_cmpuint(pdu.object.data1, ==, object ? 0xabcd : 0);
        g_assert_cmpuint(pdu.stub_len, ==, 12); // neither the padding nor the verifier
        g_assert_cmpuint(pdu.stub[0], ==, 0x30);
        g_assert_cmpuint(pdu.auth_pad_len, ==, 4);
    }
}

static void test_fault(void)
{
    Builder b = start(PDU_FAULT, PFC_FIRST_FRAG | PFC_LAST_FRAG, 0, false);
    put(&b, 0, 4);
    put(&b, 1, 2);
    put(&b, 0, 2);
    put(&b, 0x1c010003, 4);
    put(&b, 0, 4);
    finish(&b);
    Pdu pdu;
    g_assert_true(pdu_read(b.data, b.len, &pdu));
    g_assert_cmpuint(pdu.status, ==, 0x1c010003);
}

static void test_refused(void)
{
    Builder b = request(true, 0);
    Pdu pdu;
    g_assert_false(pdu_read(b.data, PDU_HEADER_SIZE - 1, &pdu));
    b.data[0] = 4; // version
    g_assert_false(pdu_read(b.data, b.len, &pdu));
    b.data[0] = 5;
    b.data[10] = 0xff; // auth_len beyond the PDU
    b.data[11] = 0xff;
    g_assert_false(pdu_read(b.data, b.len, &pdu));
    b = request(true, 255); // padding beyond the start of the stub
    g_assert_true(pdu_read(b.data, b.len, &pdu));
    b.data[8] = 40 + 8 + 16; // a PDU that is all verifier
    b.data[9] = 0;
    g_assert_true(pdu_read(b.data, b.len, &pdu));
    g_assert_cmpuint(pdu.stub_len, ==, 0);
}

/** Whatever was captured of a PDU, nothing is read beyond it: the copies are exactly as long, for ASan and valgrind. */
static void test_truncated(void)
{
    Builder builders[] = {bind(false), bind(true), request(true, 4), request(false, 0)};
    for (size_t i = 0; i < G_N_ELEMENTS(builders); i++) {
        for (size_t len = 0; len <= builders[i].len; len++) {
            g_autofree uint8_t *copy = g_memdup2(builders[i].data, len);
            Pdu pdu;
            if (!pdu_read(copy, len, &pdu))
                continue;
            g_assert_cmpuint(len, >=, PDU_HEADER_SIZE);
            g_assert_cmpint(pdu.complete, ==, len == builders[i].len);
            g_assert_true(pdu.stub == NULL || pdu.stub + pdu.stub_len <= copy + len);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-pdu/bind", test_bind);
    g_test_add_func("/decode-pdu/bind-snapped", test_bind_snapped);
    g_test_add_func("/decode-pdu/first", test_first);
    g_test_add_func("/decode-pdu/not-first", test_not_first);
    g_test_add_func("/decode-pdu/bind-ack", test_bind_ack);
    g_test_add_func("/decode-pdu/request", test_request);
    g_test_add_func("/decode-pdu/fault", test_fault);
    g_test_add_func("/decode-pdu/refused", test_refused);
    g_test_add_func("/decode-pdu/truncated", test_truncated);
    return g_test_run();
}
