// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Events as lines of JSON.
 */
#ifndef CAR_EVENT_WRITE_H
#define CAR_EVENT_WRITE_H

#include "event/event.h"

#include <glib.h>

/** Appends the line, with its end, to `out`. Texts are valid UTF-8. Members that the event's kind does not have are passed
 *  over. */
void event_write(const Event *event, GString *out);

#endif
