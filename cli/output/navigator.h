// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A layer for MITRE's ATT&CK Navigator: how many connections showed each technique.
 */
#ifndef CAR_OUTPUT_NAVIGATOR_H
#define CAR_OUTPUT_NAVIGATOR_H

#include "record/record.h"

#include <stdio.h>

typedef struct Navigator Navigator;

Navigator *navigator_new(void);
void navigator_free(Navigator *navigator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Navigator, navigator_free)

/** Counts the techniques of a record, unless it is allowed. */
void navigator_add(Navigator *navigator, const Record *record);

/** Writes the layer, format 4.5. */
void navigator_write(const Navigator *navigator, FILE *stream);

#endif
