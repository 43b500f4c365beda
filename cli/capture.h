// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * One capture: tshark reads it, its events become records.
 */
#ifndef CAR_CAPTURE_H
#define CAR_CAPTURE_H

#include "event-fold.h"
#include "keys.h"
#include "tshark.h"

#define CAPTURE_ERROR (capture_error_quark())
GQuark capture_error_quark(void);

typedef enum {
    CAPTURE_ERROR_UNREADABLE, ///< nothing could be read of this capture
    CAPTURE_ERROR_NO_PLUGIN   ///< tshark runs without the plugin, or with one of another time
} CaptureError;

/** Reads the capture `path` ("-": standard input) with the program `tshark`, which opens sealed calls with `keys`. Damaged part-way is not an error: the set
 * is then not complete and `note` says why. The caller owns the set. Errors: those above, without the path in the text,
 * and TSHARK_ERROR. */
RecordSet *capture_read(const char *tshark, const Keys *keys, const char *path, GError **error);

/** Runs tshark over `path` and gives its events to `fold`; the first half of capture_read(). The caller clears `end`.
 */
bool capture_fold(const char *tshark, const Keys *keys, const char *path, EventFold *fold, TsharkEnd *end,
                  GError **error);

/** The same over a capture without packets: what the plugin says of itself is then in the fold's stream. */
bool capture_probe(const char *tshark, EventFold *fold, TsharkEnd *end, GError **error);

#endif
