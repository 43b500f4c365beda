// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the scan noticed of the packets of a connection, into its record.
 */
#ifndef CAR_READING_ANOMALIES_H
#define CAR_READING_ANOMALIES_H

#include "record/record.h"

/** `oddities` as in scan/oddities.h. */
void anomalies_attach(GHashTable *oddities, RecordSet *set);

#endif
