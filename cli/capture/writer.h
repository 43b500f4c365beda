// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Writes packets as pcapng into a pipe, from a thread of its own, so that a reader that is still starting does not stop
 * who writes. Each capture gets its own interface for each link type and precision of time.
 */
#ifndef CAR_CAPTURE_WRITER_H
#define CAR_CAPTURE_WRITER_H

#include "capture/packet.h"

typedef struct CaptureWriter CaptureWriter;

/** Takes over the descriptor `fd`. `waits_since` (may be NULL; it has to stay until the end) is kept at the time since when the
 * reader keeps the writer waiting, by g_get_monotonic_time(); 0 while it does not. */
CaptureWriter *capture_writer_new(int fd, _Atomic int64_t *waits_since);

/** Whether packets of this link type can be written. */
bool capture_writer_takes(const CapturePacket *packet);

/** Blocks while more is waiting for the reader than is kept. False when the reader is gone. */
bool capture_writer_add(CaptureWriter *writer, const CapturePacket *packet);

/** Hands on what was added so far without waiting for more. */
void capture_writer_flush(CaptureWriter *writer);

/** What is added from now on, and what still waits, is not written: the reader sees the end. */
void capture_writer_abandon(CaptureWriter *writer);

/** Writes what is left, closes the pipe, frees. False when the reader did not take everything. */
bool capture_writer_finish(CaptureWriter *writer);

#endif
