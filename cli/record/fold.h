// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From the plugin's events (event/event.h) to records. Nothing here reads files or starts programs.
 *
 * Event lines are made from bytes that an attacker chose: a line that is not what it should be is ignored, a member
 * that is missing or of another type is unknown, and what is remembered is bounded.
 */
#ifndef CAR_RECORD_FOLD_H
#define CAR_RECORD_FOLD_H

#include "base/frame-map.h"
#include "event/event.h"
#include "record/record.h"
#include <stdint.h>

typedef struct EventFold EventFold;

/** What the stream said about itself. Texts belong to the fold. */
typedef struct {
    bool begun;     ///< `begin` was seen: the plugin is there and the capture was opened
    int64_t format; ///< of `begin`; this program understands EVENT_FORMAT
    const char *plugin_version, *wireshark_version;
    bool done;       ///< `done` was seen: the whole capture was processed
    guint malformed; ///< lines that looked like events and were none
    bool full;       ///< there was more than is kept: the last part is missing
    guint forgotten; ///< conversations that made room for others of more worth (see worth.h)
    guint found;     ///< conversations that were found to be WMI so far
} EventStream;

/** `limit` bounds, roughly, the bytes of memory that what is kept may take; 0 for the default. */
EventFold *event_fold_new(size_t limit);
void event_fold_free(EventFold *fold);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventFold, event_fold_free)

/** The frames of the events are those of `map`, which has to stay until the fold is finished. Without, they are the frames
 * of the only capture. */
void event_fold_set_frames(EventFold *fold, FrameMap *map);

/** What of a conversation was just told. */
typedef enum {
    FOLD_JUDGED, ///< its confidence or what it belongs to changed
    FOLD_CLOSED, ///< the connection was closed
} FoldNews;

typedef void (*EventFoldFunc)(EventFold *fold, int64_t conn, FoldNews news, gpointer data);

/** Calls `func` when there is such news, once all that the frame told of it was taken. */
void event_fold_set_listener(EventFold *fold, EventFoldFunc func, gpointer data);

/** A call that was answered, once all that is read of the answer was taken. */
typedef void (*EventFoldCallFunc)(EventFold *fold, Record *record, RecordCall *call, gpointer data);

void event_fold_set_call_listener(EventFold *fold, EventFoldCallFunc func, gpointer data);

/** Takes one line of tshark's output, without its end. Lines that are no events are passed over. */
void event_fold_line(EventFold *fold, const char *line, size_t len);

/** Valid until the fold is freed. */
const EventStream *event_fold_stream(const EventFold *fold);

/** The record of a conversation as it is so far, first of the records of its activity (of a large one, of some of them), which all still belong to the fold: valid until the next line. What is set in them stays, but the set's own texts do not. NULL when it gave no
 * evidence. The caller owns the set and adds its files. */
RecordSet *event_fold_view(EventFold *fold, int64_t conn);

/** The numbers (int64_t) of all conversations, in order. Owned by the caller. */
GArray *event_fold_conversations(EventFold *fold);

/** The records of all conversations that gave evidence, whatever their confidence. The fold can then only be freed.
 * The caller owns the set and adds its files. */
RecordSet *event_fold_finish(EventFold *fold);

#endif
