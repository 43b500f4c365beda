// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reads captures with libwiretap: any format that Wireshark opens, compressed or not, from files and pipes.
 */
#ifndef CAR_CAPTURE_READER_H
#define CAR_CAPTURE_READER_H

#include "capture-packet.h"

#define CAPTURE_READER_ERROR (capture_reader_error_quark())
GQuark capture_reader_error_quark(void);

typedef enum {
    CAPTURE_READER_ERROR_OPEN,   ///< it is no capture, or cannot be opened
    CAPTURE_READER_ERROR_DAMAGED ///< nothing more can be read
} CaptureReaderError;

typedef struct CaptureReader CaptureReader;

/** Opens the capture `path` ("-": standard input). Reading may block when it is a pipe. Errors: OPEN, without the path
 * in the text. */
CaptureReader *capture_reader_open(const char *path, GError **error);
void capture_reader_close(CaptureReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaptureReader, capture_reader_close)

/** What the link layer of the last packet is called. */
const char *capture_reader_link(const CaptureReader *reader);

/** The next packet; its bytes are valid until the next call. `file` is left as it is. False at the end, or with an error
 * (DAMAGED, which names the frame). Records that are no packets are counted, as Wireshark does, and passed over. */
bool capture_reader_next(CaptureReader *reader, CapturePacket *packet, GError **error);

#endif
