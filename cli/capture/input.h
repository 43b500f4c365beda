// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Captures that are to be read: which file each is, when it begins, and in the end how far it could be read.
 */
#ifndef CAR_CAPTURE_INPUT_H
#define CAR_CAPTURE_INPUT_H

#include "base/file-identity.h"
#include "capture/reader.h"

typedef struct {
    char *path;
    CaptureReader *reader; ///< open already when it can be read only once
    bool once;             ///< it is a pipe
    FileIdentity identity; ///< which file it is; of a pipe nothing
    bool independent;      ///< it can be read in a thread of its own
    bool streams;          ///< its packets can be written as pcapng
    CapturePacket first;   ///< its first packet, without its bytes
    bool empty;            ///< it has none
    CaptureFacts facts;    ///< what was read of it
    char *note;            ///< why not all of it was read; NULL while all was
} CaptureInput;

void capture_input_free(CaptureInput *input);

/** Opens a capture far enough to know its first packet. Errors: CAPTURE_READER_ERROR_OPEN and _OTHER. */
CaptureInput *capture_input_open(const char *path, GError **error);

/** Whether the same file is among `inputs` (CaptureInput *). */
bool capture_inputs_have(const GPtrArray *inputs, const CaptureInput *input);

/** That of the file `path`, under whatever name, among `inputs`; NULL when it is not there. */
const CaptureInput *capture_inputs_find(const GPtrArray *inputs, const char *path);

/** Puts captures (CaptureInput *) in order of time, whatever order they are in. */
void capture_inputs_sort(GPtrArray *inputs);

/** Takes over what was read of it this time. */
void capture_input_set_facts(CaptureInput *input, CaptureFacts facts);

/** Reads it once more, for its facts alone. */
void capture_input_survey(CaptureInput *input);

/** The next packet by a reader of this capture. False at its end, or where it is damaged, which is then noted. */
bool capture_input_read(CaptureInput *input, CaptureReader *reader, CapturePacket *packet);

/** Notes when it is not the file any more that it was when it was opened. */
void capture_input_check(CaptureInput *input);

/** Notes why it is not read to its end; the first reason counts. NULL is none. */
void capture_input_note(CaptureInput *input, const GError *error);

#endif
