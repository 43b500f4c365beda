// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the fuzz targets share. The first byte of each input chooses what is read and in which byte order, so that one
 * corpus serves all variants of a decoder; the rest is what the decoder gets.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "wire/bytes.h"

#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_BIG_ENDIAN 0x80

/** A promise of the decoder that did not hold is a finding, like an error of memory. */
static inline void fuzz_require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/** Text that may be shown is valid UTF-8. */
static inline void fuzz_text(const char *text)
{
    fuzz_require(!text || g_utf8_validate(text, -1, NULL));
}

/** Reads all bytes of a range, so that one beyond the input is found. */
static inline void fuzz_range(const uint8_t *data, size_t len)
{
    volatile uint8_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t) (sum + data[i]);
}

/** The cursor over the input behind the choosing byte; `size` is at least 1. */
static inline Bytes fuzz_cursor(const uint8_t *data, size_t size)
{
    return bytes_init(data + 1, size - 1, data[0] & FUZZ_BIG_ENDIAN);
}

#endif
