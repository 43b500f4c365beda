// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the formats for people at a terminal have in common: lines that are wrapped, colors, and how hosts are named.
 */
#ifndef CAR_OUTPUT_PEOPLE_H
#define CAR_OUTPUT_PEOPLE_H

#include "output/format.h"

#define PEOPLE_BOLD "\033[1m"
#define PEOPLE_DIM "\033[2m"
#define PEOPLE_RED "\033[1;31m"

/** Columns of a line; 0: lines are not wrapped. */
size_t people_width(const Out *out);

void people_blanks(FILE *stream, size_t count);

/** Writes escaped `text` at `column`; lines that follow begin at `indent`. Returns the column behind it. `colour` may be NULL. */
size_t people_put(const Out *out, const char *text, size_t column, size_t indent, const char *colour);

/** "WS05 (192.0.2.5) → WS06 (192.0.2.6)", not escaped. Owned by the caller. */
char *people_hosts(const Out *out, const RecordEnd *client, const RecordEnd *server);

/** The color of what was done; NULL: none. */
const char *people_colour(Stage stage, Outcome outcome);

#endif
