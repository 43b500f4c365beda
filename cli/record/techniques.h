// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Techniques of ATT&CK that the calls of a record show.
 */
#ifndef CAR_RECORD_TECHNIQUES_H
#define CAR_RECORD_TECHNIQUES_H

#include "record/record.h"

/** Sets what a call shows by what is known of it now. */
void call_set_techniques(RecordCall *call);

/** Sets it for the calls of which nothing is set, and adds to the record what its calls show: those of which the outcome is
 * set and that did not fail. */
void record_add_call_techniques(Record *record);

#endif
