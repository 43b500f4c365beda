// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Connections to which a look-up in the endpoint mapper may have led that tshark was not handed.
 */
#ifndef CAR_READING_LED_H
#define CAR_READING_LED_H

#include "record/record.h"

/** The conversations among `lookups` (see scan/lookups.h) that named a port to which the client of a record then went, but for those
 * in `seen`. FlowKeys; the caller owns the set. */
GHashTable *led_flows(const RecordSet *set, GHashTable *lookups, GHashTable *seen);

#endif
