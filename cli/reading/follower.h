// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * One tshark that follows a live capture: it is handed packets, and reports connections while they go on.
 */
#ifndef CAR_READING_FOLLOWER_H
#define CAR_READING_FOLLOWER_H

#include "capture/packet.h"
#include "reading/capture.h"
#include <stdint.h>

/** Takes a record, whose `state` is set, in the follower's own thread. `first` is that of the set and may be changed. `count`: it is
 * the first time that the connection's end is told. `note` says why not all was read of it, or is NULL. */
typedef void (*FollowerRecordFunc)(RecordSet *set, bool count, const char *note, gpointer data);

/** Takes a call as it is answered, in the follower's own thread; of a connection that ends, those that were not. */
typedef void (*FollowerCallFunc)(Record *record, const RecordCall *call, gpointer data);

/** Gives the next number of an activity, in the follower's own thread. */
typedef int64_t (*FollowerActivityFunc)(gpointer data);

typedef struct {
    const CaptureOptions *capture;
    Confidence min_confidence;
    FollowerRecordFunc record;
    FollowerCallFunc call; ///< may be NULL
    FollowerActivityFunc activity;
    gpointer data;
} FollowerOptions;

typedef struct Follower Follower;

/** Starts a tshark. `options` have to stay until follower_finish(). `reports`: what is added from the start on is reported; else
 * it is only context, until follower_take_over(). NULL and an error when there is no pipe. */
Follower *follower_start(const FollowerOptions *options, bool reports, GError **error);

/** Connections that begin with the next packet or later are reported. `all`: those before, too. */
void follower_take_over(Follower *follower, bool all);

/** False once tshark is gone. */
bool follower_add(Follower *follower, const CapturePacket *packet);

/** Hands on what was added so far. */
void follower_flush(Follower *follower);

/** How many packets were added. */
uint64_t follower_packets(const Follower *follower);

/** Nothing more comes: tshark reads to the end. Does not wait for that. */
void follower_end(Follower *follower);

/** Whether it came to its end: follower_finish() does not have to wait. */
bool follower_ended(const Follower *follower);

/** Waits for the end, at which what was open is reported, and frees. False with an error when tshark could not work at all;
 * `note` is set when it gave up part-way. */
bool follower_finish(Follower *follower, char **note, GError **error);

#endif
