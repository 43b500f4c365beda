// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * One tshark that follows a live capture: it is handed packets, and tells of connections while they go on.
 */
#ifndef CAR_READING_RUN_H
#define CAR_READING_RUN_H

#include "capture/packet.h"
#include "reading/capture.h"
#include <stdint.h>

/** Takes a record, whose `state` is set, in the run's own thread. `first` is that of the set and may be changed. `count`: it is
 * the first time that the connection's end is told. `note` says why not all was read of it, or is NULL. */
typedef void (*WatchRecordFunc)(RecordSet *set, bool count, const char *note, gpointer data);

/** Gives the next number of an activity, in the run's own thread. */
typedef int64_t (*WatchActivityFunc)(gpointer data);

typedef struct {
    const CaptureOptions *capture;
    Confidence min_confidence;
    WatchRecordFunc record;
    WatchActivityFunc activity;
    gpointer data;
} WatchRunOptions;

typedef struct WatchRun WatchRun;

/** Starts a tshark. `options` have to stay until watch_run_finish(). `owns`: what is added from the start on is told of; else
 * it is only context, until watch_run_own(). NULL and an error when there is no pipe. */
WatchRun *watch_run_start(const WatchRunOptions *options, bool owns, GError **error);

/** Connections that begin with the next packet or later are told of. `all`: those before, too. */
void watch_run_own(WatchRun *run, bool all);

/** False once tshark is gone. */
bool watch_run_add(WatchRun *run, const CapturePacket *packet);

/** Hands on what was added so far. */
void watch_run_flush(WatchRun *run);

/** How many packets were added. */
uint64_t watch_run_packets(const WatchRun *run);

/** Nothing more comes: tshark reads to the end. Does not wait for that. */
void watch_run_end(WatchRun *run);

/** Whether it came to its end: watch_run_finish() does not have to wait. */
bool watch_run_ended(const WatchRun *run);

/** Waits for the end, at which what was open is told of, and frees. False with an error when tshark could not work at all;
 * `note` is set when it gave up part-way. */
bool watch_run_finish(WatchRun *run, char **note, GError **error);

#endif
