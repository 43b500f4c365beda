// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A capture that is read and scanned in a thread of its own, ahead of its turn. What comes out is what the scan of the
 * whole timeline may want, in the order of the capture.
 */
#ifndef CAR_SCAN_READ_AHEAD_H
#define CAR_SCAN_READ_AHEAD_H

#include "base/progress.h"
#include "capture/reader.h"
#include "scan/scan.h"

typedef struct ReadAhead ReadAhead;

/** Starts to read the capture `path`. `options` are those of the scan of the whole, whose tables have to stay until the
 * end; `progress` may be NULL. */
ReadAhead *read_ahead_start(const char *path, const ScanOptions *options, Progress *progress);

/** The next packet, whose bytes are valid until the next call; `file` is left as it is. Blocks until there is one. False at
 * the end, with an error where the capture could not be opened or read to its end. */
bool read_ahead_next(ReadAhead *ahead, CapturePacket *packet, GError **error);

/** Ends it, wherever it is, and frees it. `regrets` (FlowKey), `aside` and `counts` get those of its scan, `facts`
 * those of the capture, which the caller owns; false when there were more regrets. */
bool read_ahead_end(ReadAhead *ahead, GHashTable *regrets, const ScanAside *aside, ScanCounts *counts,
                    CaptureFacts *facts);

#endif
