// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The few events of a log that are kept, with their texts, in bounded memory.
 */
#ifndef CAR_JOIN_EVENT_STORE_H
#define CAR_JOIN_EVENT_STORE_H

#include "base/texts.h"
#include "logs/event.h"
#include <stdint.h>

/** An event whose texts are valid UTF-8, terminated, and last as long as the store. */
typedef HostEvent StoredEvent;

typedef struct {
    Texts *texts;
    GPtrArray *events; ///< StoredEvent *
    size_t room;       ///< bytes that may still be taken
    uint64_t dropped;  ///< events there was no room for
} EventStore;

void event_store_init(EventStore *store, size_t room);
void event_store_clear(EventStore *store);

/** A copy of the event; NULL when there is no room. */
StoredEvent *event_store_add(EventStore *store, const HostEvent *event);

#endif
