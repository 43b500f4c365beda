// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reading a host's log: what kind of file it is is told from its content, and one of the readers host-*.c gives its
 * events one by one.
 */
#ifndef CAR_LOGS_READ_H
#define CAR_LOGS_READ_H

#include "logs/event.h"
#include "logs/input.h"
#include <stdint.h>

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
    unsigned wanted; ///< events of other kinds need not be given: a mask of HOST_WANT()
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

/** Reads `path` (plain or gzip) and gives the wanted events to `func`. A file that is damaged part-way is no error:
 * `stats`, which the caller clears, tells. `tshark` is the program that reads captures for
 * their connections; where these are not wanted it may be NULL. */
bool host_read(const char *path, const char *tshark, unsigned wanted, HostEventFunc func, gpointer data,
               HostReadStats *stats, GError **error);

/** Gives an event to the caller, if it is wanted. */
void host_reading_give(HostReading *reading, const HostEvent *event);

#endif
