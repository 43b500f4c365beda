// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A capture that grows is followed: from an interface, by dumpcap, or from standard input. It is scanned as it comes, and
 * what matters goes on to tshark.
 */
#ifndef CAR_READING_WATCH_H
#define CAR_READING_WATCH_H

#include "reading/follower.h"
#include "scan/scan.h"
#include <stdint.h>

/** Takes a record as it becomes known; `first` of the set is it, its `state` tells how much it is. `count`: it is the first
 * time that the connection's end is told. Called by one thread at a time. False: nothing more is wanted. */
typedef bool (*WatchFunc)(RecordSet *set, bool count, gpointer data);

/** Takes a call as it is answered; of a connection that ends, those that were not. By one thread at a time, as WatchFunc. */
typedef bool (*WatchCallFunc)(Record *record, const RecordCall *call, gpointer data);

typedef struct {
    CaptureOptions capture;
    Confidence min_confidence;
    const GPtrArray *interfaces; ///< char *; empty: standard input
    const char *filter;          ///< of the capture; may be NULL
    uint64_t limit;              ///< packets that one tshark reads
    int output;                  ///< the watch ends when nobody reads this descriptor any more
    WatchFunc func;
    WatchCallFunc call; ///< may be NULL
    gpointer data;
} WatchOptions;

/** What came of it. */
typedef struct {
    GArray *counts;     ///< DumpcapCount: of interfaces, in their order
    uint64_t dropped;   ///< of standard input, as far as it tells
    ScanCounts seen;    ///< all packets
    GArray *unanswered; ///< UnansweredServer: Binds of which nothing was told; NULL: nothing was read
    char *fault;        ///< why it ended early; NULL when the capture ended or was ended
    bool unwanted;      ///< it ended because nobody takes records any more
} WatchEnd;

void watch_end_clear(WatchEnd *end);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WatchEnd, watch_end_clear)

/** Follows the capture until it ends, or SIGINT, SIGTERM or SIGHUP ends it; all that was found was then told. False with an
 * error when nothing could be read: those of capture_read(), CAPTURE_STREAM_ERROR, DUMPCAP_ERROR. */
bool watch(const WatchOptions *options, WatchEnd *end, GError **error);

#endif
