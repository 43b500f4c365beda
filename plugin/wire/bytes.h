// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A bounds-checked cursor over bytes that an attacker wrote.
 *
 * Reading past the end sets `failed` and returns zeroes from then on, so that a decoder reads a whole structure
 * and asks once at its end. Offsets and alignment count from `data`.
 */
#ifndef CAR_WIRE_BYTES_H
#define CAR_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint8_t *data; ///< not owned
    size_t len;
    size_t pos;
    bool big_endian; ///< byte order of integers (the integer part of a PDU's data representation)
    bool failed;     ///< something was read, skipped or taken beyond `len`
} Bytes;

static inline Bytes bytes_init(const uint8_t *data, size_t len, bool big_endian)
{
    // Never NULL: not even 0 may be added to a null pointer.
    return (Bytes){.data = data ? data : (const uint8_t *) "", .len = data ? len : 0, .big_endian = big_endian};
}

static inline size_t bytes_left(const Bytes *b)
{
    return b->failed ? 0 : b->len - b->pos;
}

/** The next `n` bytes, or NULL (and failed) when fewer are left. Not owned by the caller. */
static inline const uint8_t *bytes_take(Bytes *b, size_t n)
{
    if (n > bytes_left(b) || b->failed) {
        b->failed = true;
        return NULL;
    }
    const uint8_t *p = b->data + b->pos;
    b->pos += n;
    return p;
}

static inline void bytes_skip(Bytes *b, size_t n)
{
    (void) bytes_take(b, n);
}

/** Advances to a multiple of `to` (a power of two), counted from `data`. */
static inline void bytes_align(Bytes *b, size_t to)
{
    bytes_skip(b, (to - (b->pos & (to - 1))) & (to - 1));
}

static inline uint64_t bytes_uint(Bytes *b, size_t size)
{
    const uint8_t *p = bytes_take(b, size);
    uint64_t v = 0;
    for (size_t i = 0; p && i < size; i++)
        v = v << 8 | p[b->big_endian ? i : size - 1 - i];
    return v;
}

static inline uint8_t bytes_u8(Bytes *b)
{
    return (uint8_t) bytes_uint(b, 1);
}

static inline uint16_t bytes_u16(Bytes *b)
{
    return (uint16_t) bytes_uint(b, 2);
}

static inline uint32_t bytes_u32(Bytes *b)
{
    return (uint32_t) bytes_uint(b, 4);
}

static inline uint64_t bytes_u64(Bytes *b)
{
    return bytes_uint(b, 8);
}

/** A cursor over the next `n` bytes alone (own offsets and alignment); the parent advances past them. */
static inline Bytes bytes_sub(Bytes *b, size_t n)
{
    const uint8_t *p = bytes_take(b, n);
    Bytes sub = bytes_init(p, n, b->big_endian);
    sub.failed = b->failed;
    return sub;
}

#endif
