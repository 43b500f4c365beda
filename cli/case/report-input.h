// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The files of a report: their hashes, sizes, and what a capture holds.
 */
#ifndef CAR_CASE_REPORT_INPUT_H
#define CAR_CASE_REPORT_INPUT_H

#include "base/digest.h"
#include "capture/input.h"
#include "case/report.h"

/** For a list of ReportInput *. */
GPtrArray *report_inputs_new(void);

/** Adds the file `path` ("-": standard input, of which nothing can be known any more), whose digest is waited for. */
ReportInput *report_inputs_add(GPtrArray *inputs, const char *path, Digests *digests);

/** Says what is in a capture that was read as `read`, and no hash when that was another file. */
void report_input_set_capture(ReportInput *input, const CaptureInput *read, Digests *digests);

#endif
