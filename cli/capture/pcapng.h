// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Writes pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and packets with comments, little-endian. Errors are
 * seen in ferror().
 */
#ifndef CAR_CAPTURE_PCAPNG_H
#define CAR_CAPTURE_PCAPNG_H

#include "capture/packet.h"

#include <stdint.h>
#include <stdio.h>

/** The head of a file. `comments`: char *, valid UTF-8. */
void pcapng_write_section(FILE *stream, const GPtrArray *comments);

/** An interface for packets of this one's link type and precision of time; the first has the number 0. */
void pcapng_write_interface(FILE *stream, const CapturePacket *packet, const char *description);

void pcapng_write_packet(FILE *stream, uint32_t interface, const CapturePacket *packet, const GPtrArray *comments);

#endif
