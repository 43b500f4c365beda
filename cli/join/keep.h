// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The few events of a log that are kept, with their texts, in bounded memory.
 */
#ifndef CAR_JOIN_KEEP_H
#define CAR_JOIN_KEEP_H

#include "logs/event.h"
#include <stdint.h>

/** An event whose texts are valid UTF-8, terminated, and last as long as the store. */
typedef HostEvent KeptEvent;

typedef struct {
    GStringChunk *texts;
    GPtrArray *events; ///< KeptEvent *
    size_t room;       ///< bytes that may still be taken
    uint64_t dropped;  ///< events there was no room for
} HostKeep;

void host_keep_init(HostKeep *keep, size_t room);
void host_keep_clear(HostKeep *keep);

/** A copy of the event; NULL when there is no room. */
KeptEvent *host_keep_event(HostKeep *keep, const HostEvent *event);

#endif
