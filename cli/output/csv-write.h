// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Cells of CSV (RFC 4180) that a spreadsheet may open: texts are escaped as for a terminal, and none is taken for a formula.
 */
#ifndef CAR_OUTPUT_CSV_WRITE_H
#define CAR_OUTPUT_CSV_WRITE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** A column's title. `last`: of its line. */
void csv_write_title(FILE *stream, const char *title, bool last);

/** The text of a number, for a cell; NULL when it is NUMBER_UNKNOWN. Owned by the caller. */
char *csv_number(int64_t value);

/** `text` may be NULL. `last`: of its line. */
void csv_write_cell(FILE *stream, const char *text, bool last);

#endif
