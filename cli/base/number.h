// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Numbers as logs and tshark write them: decimal, or hexadecimal after 0x.
 */
#ifndef CAR_BASE_NUMBER_H
#define CAR_BASE_NUMBER_H

#include "base/slice.h"
#include "base/unknown.h"

/** NUMBER_UNKNOWN when it is no number that fits. */
int64_t number_parse(Slice text);

/** The same for the identifiers of logons, which have 64 bits; 0 when it is none. */
uint64_t number_parse_id(Slice text);

/** NUMBER_UNKNOWN when it is not from 1 to 65535. */
int64_t number_parse_port(Slice text);

/** Whether it is from 1 to 65535. */
bool number_is_port(int64_t number);

#endif
