// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Captures become records: they are scanned, tshark reads what matters, its events are folded.
 */
#ifndef CAR_READING_CAPTURE_H
#define CAR_READING_CAPTURE_H

#include "record/artifacts.h"
#include "record/fold.h"
#include "scan/scan.h"
#include "tshark/keys.h"
#include "tshark/tshark.h"

#define CAPTURE_ERROR (capture_error_quark())
GQuark capture_error_quark(void);

typedef enum {
    CAPTURE_ERROR_UNREADABLE, ///< nothing could be read
    CAPTURE_ERROR_OTHER,      ///< it is no capture
    CAPTURE_ERROR_NO_PLUGIN   ///< tshark runs without the plugin, or with one of another time
} CaptureError;

typedef struct {
    const char *tshark; ///< the program
    const Keys *keys;   ///< open sealed calls
    bool artifacts;     ///< SMB between hosts with WMI is read for what is left there
    bool everything;    ///< tshark reads all packets, without a scan
    guint jobs;         ///< captures that are scanned side by side
    bool progress;      ///< is shown on standard error
} CaptureOptions;

/** For the inputs of capture_read(). */
GPtrArray *capture_inputs_new(void);

/** Adds the capture `path` ("-": standard input), unless it is there already under any name. Errors: UNREADABLE, without
 * the path in the text. */
bool capture_inputs_add(GPtrArray *inputs, const char *path, GError **error);

/** Reads all captures as one timeline. Damaged part-way is not an error: the note of a file of the set says why not all of it
 * was read. The files are those of `inputs`, in order of time. `seen` counts all packets, where car-wmi itself reads
 * them. `unanswered` (UnansweredServer): Binds of which there are no records, owned by the caller, as is the set. Errors:
 * those above, and TSHARK_ERROR. */
RecordSet *capture_read(const CaptureOptions *options, GPtrArray *inputs, ScanCounts *seen, GArray **unanswered,
                        GError **error);

/** A pipe to tshark: `ends[0]` to read, `ends[1]` to write. Errors: UNREADABLE. */
bool capture_pipe(int ends[2], GError **error);

/** Lets tshark read the capture that comes out of the descriptor `input`, which is taken over, until its end; signals do not
 * end it. Files that SMB in it shows go to `artifacts`, unless that is NULL. `note` says, when it is set, why not all of it was read; the caller owns it. Errors: as capture_read(). */
bool capture_follow(const CaptureOptions *options, int input, EventFold *fold, Artifacts *artifacts, char **note,
                    GError **error);

/** Why calls are still sealed although there were keys. */
void capture_explain_sealed(Record *record);

/** Runs tshark over a capture without packets: what the plugin says of itself is then in the fold's stream. The caller
 * clears `end`. */
bool capture_probe(const char *tshark, EventFold *fold, TsharkEnd *end, GError **error);

#endif
