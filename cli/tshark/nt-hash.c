// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/nt-hash.h"

#include <glib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t) 64)

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

/** RFC 1320, 3.4: F, G and H. */
static uint32_t mix(unsigned round, uint32_t x, uint32_t y, uint32_t z)
{
    switch (round) {
    case 0: return (x & y) | (~x & z);
    case 1: return (x & y) | (x & z) | (y & z);
    default: return x ^ y ^ z;
    }
}

static void md4_block(uint32_t state[4], const uint8_t *block)
{
    static const uint32_t added[3] = {0, 0x5a827999, 0x6ed9eba1};
    static const unsigned shifts[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    static const unsigned order[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                          {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
                                          {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}};
    uint32_t words[16];
    memcpy(words, block, sizeof(words));
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned step = 0; step < 16; step++) {
            uint32_t word = GUINT32_FROM_LE(words[order[round][step]]);
            uint32_t turned = rotate(a + mix(round, b, c, d) + word + added[round], shifts[round][step % 4]);
            a = d, d = c, c = b, b = turned;
        }
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    explicit_bzero(words, sizeof(words));
}

void md4(const uint8_t *data, size_t len, uint8_t digest[NT_HASH_SIZE])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    size_t whole = len - len % BLOCK_SIZE;
    for (size_t i = 0; i < whole; i += BLOCK_SIZE)
        md4_block(state, data + i);
    // The rest, one set bit, zeros and the length in bits: one block or two.
    uint8_t tail[2 * BLOCK_SIZE] = {0};
    size_t rest = len - whole;
    size_t size = rest < BLOCK_SIZE - 8 ? BLOCK_SIZE : 2 * BLOCK_SIZE;
    if (rest > 0)
        memcpy(tail, data + whole, rest);
    tail[rest] = 0x80;
    uint64_t bits = GUINT64_TO_LE((uint64_t) len * 8);
    memcpy(tail + size - sizeof(bits), &bits, sizeof(bits));
    for (size_t i = 0; i < size; i += BLOCK_SIZE)
        md4_block(state, tail + i);
    for (size_t i = 0; i < G_N_ELEMENTS(state); i++)
        state[i] = GUINT32_TO_LE(state[i]);
    memcpy(digest, state, NT_HASH_SIZE);
    explicit_bzero(tail, sizeof(tail));
}

void nt_hash(const char *password, uint8_t hash[NT_HASH_SIZE])
{
    glong units = 0;
    g_autofree gunichar2 *utf16 = g_utf8_to_utf16(password, -1, NULL, &units, NULL);
    for (glong i = 0; i < units; i++)
        utf16[i] = GUINT16_TO_LE(utf16[i]);
    size_t len = (size_t) units * sizeof(*utf16);
    md4((const uint8_t *) utf16, len, hash);
    explicit_bzero(utf16, len);
}
