// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * How what is not known is written: an unknown text is NULL, an unknown number or time NUMBER_UNKNOWN, an unknown
 * frame 0.
 */
#ifndef CAR_BASE_UNKNOWN_H
#define CAR_BASE_UNKNOWN_H

#include <stdint.h>

#define NUMBER_UNKNOWN INT64_C(-1)

typedef enum { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES } Answer;

#endif
