// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What renumber.h told of conversations: a bounded number of each, so that a flood in one hides nothing of another.
 */
#ifndef CAR_SCAN_ODDITIES_H
#define CAR_SCAN_ODDITIES_H

#include "base/flow-key.h"
#include "base/frame.h"
#include "capture/renumber.h"

typedef struct {
    TcpOdd kind;
    int64_t frames[2];
    char *readings[2]; ///< NULL where there is none
} Oddity;

/** FlowKey → GArray of Oddity. */
GHashTable *oddities_new(void);

void oddities_add(GHashTable *oddities, const TcpOddity *told);

#endif
