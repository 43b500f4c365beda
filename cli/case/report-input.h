// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The files of a report: their hashes, sizes, and what a capture holds.
 */
#ifndef CAR_CASE_REPORT_INPUT_H
#define CAR_CASE_REPORT_INPUT_H

#include "case/report.h"

/** For a list of ReportInput *. */
GPtrArray *report_inputs_new(void);

/** Adds the file `path` ("-": standard input, of which nothing can be known any more). */
ReportInput *report_inputs_add(GPtrArray *inputs, const char *path);

/** The same of a capture, which is read. */
ReportInput *report_inputs_add_capture(GPtrArray *inputs, const char *path);

#endif
