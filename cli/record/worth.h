// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a connection is worth to whoever reads of it: where there is more than can be kept, the least goes first.
 */
#ifndef CAR_RECORD_WORTH_H
#define CAR_RECORD_WORTH_H

#include "record/record.h"

typedef enum {
    WORTH_ASKED,    ///< a Bind that nobody accepted
    WORTH_CALLED,   ///< it was accepted, or there are calls, of which none is answered
    WORTH_ANSWERED, ///< calls with answers
    WORTH_DONE,     ///< something was executed, written or deleted, or a subscription made: this is always kept
} Worth;

/** As far as its events tell up to now. */
Worth record_worth(const Record *record);

#endif
