// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reads a capture that grows, pcap or pcapng, as its bytes come: each packet is there once its last byte is. (libwiretap
 * reads any format, but it waits for the packets behind, and nothing can be done meanwhile.)
 */
#ifndef CAR_CAPTURE_STREAM_H
#define CAR_CAPTURE_STREAM_H

#include "capture/packet.h"
#include <stdint.h>

#define CAPTURE_STREAM_ERROR (capture_stream_error_quark())
GQuark capture_stream_error_quark(void);

typedef enum {
    CAPTURE_STREAM_ERROR_FORMAT, ///< it is no capture, or of another format
    CAPTURE_STREAM_ERROR_DAMAGED ///< nothing more can be read
} CaptureStreamError;

typedef struct CaptureStream CaptureStream;

/** `apart`: each interface of a pcapng is a capture of its own; else all are capture 0. */
CaptureStream *capture_stream_new(bool apart);
void capture_stream_free(CaptureStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaptureStream, capture_stream_free)

/** Takes the next bytes. What capture_stream_next() gave before is then gone. */
void capture_stream_add(CaptureStream *stream, const uint8_t *data, size_t len);

/** The next packet that has come as a whole; frames are numbered across all interfaces. False when there is none yet, or with
 * an error, after which there is none any more. */
bool capture_stream_next(CaptureStream *stream, CapturePacket *packet, GError **error);

/** After the last byte. False with an error when the capture does not end where a packet does, or never began. */
bool capture_stream_end(const CaptureStream *stream, GError **error);

/** Packets read so far. */
uint64_t capture_stream_packets(const CaptureStream *stream);

/** Packets that a pcapng says were lost, at all interfaces together. */
uint64_t capture_stream_dropped(const CaptureStream *stream);

#endif
