// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Captures as one timeline: read side by side, merged by time, scanned, and what tshark must see written into a pipe, in
 * threads of its own.
 */
#ifndef CAR_SCAN_FEED_H
#define CAR_SCAN_FEED_H

#include "base/frame-map.h"
#include "capture/input.h"
#include "scan/read-ahead.h"
#include <stdint.h>

typedef struct Feed Feed;

typedef struct {
    ScanOptions scan;
    guint jobs;         ///< captures that are read side by side
    Progress *progress; ///< may be NULL
} FeedOptions;

/** Starts to read `inputs` (CaptureInput *), whose indices are then the numbers of the captures, and to write to the descriptor `fd`, which
 * it takes over. `inputs`, what the options point to, and `map` have to stay until feed_finish(). */
Feed *feed_start(GPtrArray *inputs, const FeedOptions *options, FrameMap *map, int fd);

/** What is to be known of a feed that has ended. */
typedef struct {
    GHashTable *regrets; ///< FlowKey: packets of these were dropped that should not have been; NULL when there are none
    ScanAside aside;
    bool overflowed;      ///< see scan.h
    GArray *unanswered;   ///< UnansweredServer: Binds that are counted alone
    GHashTable *oddities; ///< see oddities.h
    uint64_t unwritable;  ///< packets whose link type cannot be handed on
    ScanCounts counts;    ///< of all packets
} FeedEnd;

void feed_end_clear(FeedEnd *end);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FeedEnd, feed_end_clear)

/** Since when (g_get_monotonic_time()) whoever reads the pipe does not, or is not ready although all was written; 0: it is not
 * waited for. */
int64_t feed_waits_since(Feed *feed);

/** Nothing more is wanted: it reads no further packet. */
void feed_stop(Feed *feed);

/** Waits for the end, which comes soon after feed_stop() and when nobody reads the pipe any more, and frees the feed. Notes of damaged captures
 * are then in their inputs. */
FeedEnd feed_finish(Feed *feed);

#endif
