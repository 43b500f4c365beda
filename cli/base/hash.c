// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"

#include <string.h>

typedef struct {
    uint64_t v[4];
} State;

static const uint64_t *random_key(void)
{
    static uint64_t key[2];
    static size_t drawn;
    if (g_once_init_enter(&drawn)) {
        for (size_t i = 0; i < G_N_ELEMENTS(key); i++)
            key[i] = (uint64_t) g_random_int() << 32 | g_random_int();
        g_once_init_leave(&drawn, 1);
    }
    return key;
}

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void mix(State *s)
{
    uint64_t *v = s->v;
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static inline void add_word(State *s, uint64_t word)
{
    s->v[3] ^= word;
    mix(s);
    s->v[0] ^= word;
}

uint64_t hash_bytes(const void *data, size_t len)
{
    const uint8_t *at = data;
    const uint64_t *key = random_key();
    State s = {{
        key[0] ^ UINT64_C(0x736f6d6570736575),
        key[1] ^ UINT64_C(0x646f72616e646f6d),
        key[0] ^ UINT64_C(0x6c7967656e657261),
        key[1] ^ UINT64_C(0x7465646279746573),
    }};
    size_t left = len;
    for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        add_word(&s, word);
    }
    uint64_t last = 0;
    memcpy(&last, at, left);
    add_word(&s, last | (uint64_t) len << 56);
    s.v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        mix(&s);
    return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

guint hash_text(gconstpointer text)
{
    return (guint) hash_bytes(text, strlen(text));
}

guint hash_number(gconstpointer number)
{
    return (guint) hash_bytes(&number, sizeof(number));
}
