// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Captures as one timeline: read side by side, merged by time, scanned, and what tshark must see written into a pipe, in
 * threads of its own.
 */
#ifndef CAR_SCAN_FEED_H
#define CAR_SCAN_FEED_H

#include "base/frame-map.h"
#include "capture/reader.h"
#include "scan/read-ahead.h"
#include <stdint.h>

/** One of the captures. */
typedef struct {
    char *path;
    CaptureReader *reader;  ///< open already when it can be read only once
    bool once;              ///< it is a pipe
    uint64_t device, inode; ///< which file it is
    bool independent;       ///< it can be read in a thread of its own
    uint64_t size;          ///< bytes; 0: not known
    bool streams;           ///< its link types can be handed on to tshark
    CapturePacket first;    ///< its first packet, without its bytes
    bool empty;             ///< it has none
    char *note;             ///< why not all of it was read; NULL while all was
} FeedInput;

void feed_input_free(FeedInput *input);

/** Opens a capture far enough to know its first packet. Errors: CAPTURE_READER_ERROR_OPEN. */
FeedInput *feed_input_open(const char *path, GError **error);

/** Whether the same file is among `inputs` (FeedInput *). */
bool feed_input_find(const GPtrArray *inputs, const FeedInput *input);

/** Puts captures (FeedInput *) in order of time, whatever order they are in. */
void feed_sort(GPtrArray *inputs);

typedef struct Feed Feed;

typedef struct {
    ScanOptions scan;
    guint jobs;         ///< captures that are read side by side
    Progress *progress; ///< may be NULL
} FeedOptions;

/** Starts to read `inputs`, whose indices are then the numbers of the captures, and to write to the descriptor `fd`, which
 * it takes over. `inputs`, what the options point to, and `map` have to stay until feed_finish(). */
Feed *feed_start(GPtrArray *inputs, const FeedOptions *options, FrameMap *map, int fd);

/** What is to be known of a feed that has ended. */
typedef struct {
    GHashTable *regrets; ///< FlowKey: packets of these were dropped that should not have been; NULL when there are none
    bool overflowed;     ///< see scan.h
    uint64_t unwritable; ///< packets whose link type cannot be handed on
} FeedEnd;

void feed_end_clear(FeedEnd *end);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FeedEnd, feed_end_clear)

/** Waits for the end, which comes soon when nobody reads the pipe any more, and frees the feed. Notes of damaged captures
 * are then in their inputs. */
FeedEnd feed_finish(Feed *feed);

#endif
