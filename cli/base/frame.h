// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A frame of one of several captures, as one number. 0 is no frame.
 */
#ifndef CAR_BASE_FRAME_H
#define CAR_BASE_FRAME_H

#include <glib.h>
#include <stdint.h>

/** A frame: its number in its capture, and which of a set's captures that is. */
static inline int64_t frame_make(guint file, int64_t number)
{
    return number > 0 && number < INT64_C(1) << 40 ? (int64_t) file << 40 | number : 0;
}

static inline int64_t frame_number(int64_t frame)
{
    return frame & ((INT64_C(1) << 40) - 1);
}

static inline guint frame_file(int64_t frame)
{
    return (guint) (frame >> 40);
}

#endif
