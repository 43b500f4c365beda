// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the readers of the kinds of logs have in common: evtx.c, json.c, csv.c, pcapng.c.
 */
#ifndef CAR_LOGS_READER_H
#define CAR_LOGS_READER_H

#include "logs/event.h"
#include "logs/input.h"

#define HOST_READ_ERROR (host_read_error_quark())
GQuark host_read_error_quark(void);

typedef enum {
    HOST_READ_ERROR_UNREADABLE,  ///< the file cannot be opened, or nothing of it can be read
    HOST_READ_ERROR_UNRECOGNISED ///< it is no kind of log that is known
} HostReadError;

/** Takes one event; its texts last until it returns. */
typedef void (*HostEventFunc)(const HostEvent *event, gpointer data);

/** What became of one file. */
typedef struct {
    const char *kind; ///< of file; a constant
    uint64_t events;  ///< given
    uint64_t damaged; ///< records that could not be read
    char *note;       ///< why the rest could not be read; NULL when it could
} HostReadStats;

void host_read_stats_clear(HostReadStats *stats);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostReadStats, host_read_stats_clear)

/** One reading of one file. */
typedef struct {
    const char *path;  ///< as given
    const char *shown; ///< valid UTF-8
    const char *tshark;
    HostInput *input;
    unsigned wanted; ///< events of other kinds need not be given: a mask of HOST_EVENT_BIT()
    HostEventFunc func;
    gpointer data;
    HostReadStats *stats;
} HostReading;

typedef struct {
    const char *name;     ///< "EVTX"
    const char *expected; ///< for the message about a file that is none of these
    bool (*recognise)(const char *head, size_t len);
    /** Reads to the end. False when nothing could be done. */
    bool (*read)(HostReading *reading, GError **error);
} HostReader;

extern const HostReader host_reader_evtx, host_reader_json, host_reader_csv, host_reader_pcapng;

/** Gives an event to the caller, if it is wanted. */
void host_reading_give(HostReading *reading, const HostEvent *event);

/** For readers of text: takes the next line of a file's beginning from `head`. False when there is none, or so many were
 * looked at that what is looked for will not come. */
bool host_head_line(Slice *head, guint *count, Slice *line);

#endif
