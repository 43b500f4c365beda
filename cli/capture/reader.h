// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reads captures with libwiretap: any format that Wireshark opens, compressed or not, from files and pipes.
 */
#ifndef CAR_CAPTURE_READER_H
#define CAR_CAPTURE_READER_H

#include "base/progress.h"
#include "capture/packet.h"

#define CAPTURE_READER_ERROR (capture_reader_error_quark())
GQuark capture_reader_error_quark(void);

typedef enum {
    CAPTURE_READER_ERROR_OPEN,   ///< it cannot be opened, or may be a capture in a form that cannot be read
    CAPTURE_READER_ERROR_OTHER,  ///< it is no capture
    CAPTURE_READER_ERROR_DAMAGED ///< nothing more can be read
} CaptureReaderError;

typedef struct CaptureReader CaptureReader;

/** What was read of a capture. */
typedef struct {
    uint64_t packets;
    CapturePacket first, last; ///< the earliest and the latest, without their bytes; meaningless without packets
    GPtrArray *links;          ///< const char *: what their link layers are called; NULL without packets
} CaptureFacts;

void capture_facts_clear(CaptureFacts *facts);

/** How packets of a link type of capture files (LINKTYPE_…) begin. */
LinkKind capture_reader_link_kind(int link_type);

/** Opens the capture `path` ("-": standard input). Reading may block when it is a pipe. Errors: OPEN, without the path
 * in the text. */
CaptureReader *capture_reader_open(const char *path, GError **error);
void capture_reader_close(CaptureReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaptureReader, capture_reader_close)

/** From now on `progress` (may be NULL) is told what was read, until the reader is closed. */
void capture_reader_set_progress(CaptureReader *reader, Progress *progress);

/** Whether several of this format can be read side by side, each by a thread of its own. */
bool capture_reader_is_independent(const CaptureReader *reader);

/** Whether it ended and not a single byte was there: a pipe into which nothing was written. */
bool capture_reader_has_nothing(const CaptureReader *reader);

/** What was read so far; the caller owns it, and the reader begins anew. */
CaptureFacts capture_reader_take_facts(CaptureReader *reader);

/** The next packet; its bytes are valid until the next call. `file` is left as it is. False at the end, or with an error
 * (DAMAGED, which names the frame). Records that are no packets are counted, as Wireshark does, and passed over. */
bool capture_reader_next(CaptureReader *reader, CapturePacket *packet, GError **error);

#endif
