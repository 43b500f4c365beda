// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reads the plugin's events (event/event.h) from lines of text.
 *
 * The texts in them are an attacker's: whatever a line holds, what comes out is an event whose texts are valid UTF-8,
 * whose numbers are not negative nor above EVENT_NUMBER_MAX, and whose lists have no more than EVENT_LIST_MAX items.
 */
#ifndef CAR_RECORD_EVENT_READER_H
#define CAR_RECORD_EVENT_READER_H

#include "event/event.h"

#include <glib.h>

typedef struct EventReader EventReader;

/** Freed with event_reader_free(). */
EventReader *event_reader_new(void);
void event_reader_free(EventReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EventReader, event_reader_free)

/** The event of one line, without its end, which belongs to the reader and is valid until the next line. NULL when the
 * line is no event: not one JSON object in UTF-8 that names its kind. The kind is EVENT_NONE when this program does not know
 * it. A member of another type than event_members() says is unknown; of several with one name the last counts. */
const Event *event_reader_read(EventReader *reader, const char *line, size_t len);

#endif
