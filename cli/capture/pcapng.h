// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The coding of pcapng (draft-ietf-opsawg-pcapng): its numbers, and blocks as car-wmi writes them, little-endian. Each
 * function adds one whole block to `bytes`.
 */
#ifndef CAR_CAPTURE_PCAPNG_H
#define CAR_CAPTURE_PCAPNG_H

#include "capture/packet.h"

enum {
    PCAPNG_SECTION = 0x0a0d0d0a,
    PCAPNG_INTERFACE = 1,
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6,
};

enum {
    PCAPNG_OPTION_END = 0,
    PCAPNG_OPTION_COMMENT = 1,
    PCAPNG_OPTION_IF_DESCRIPTION = 3,
    PCAPNG_OPTION_IF_TSRESOL = 9,
    PCAPNG_OPTION_IF_TSOFFSET = 14,
    PCAPNG_OPTION_SHB_APPLICATION = 4,
    PCAPNG_OPTION_ISB_IFDROP = 5,
    PCAPNG_OPTION_ISB_OSDROP = 7,
};

#define PCAPNG_MAGIC 0x1a2b3c4d         ///< in a section of this machine's byte order
#define PCAPNG_MAGIC_SWAPPED 0x4d3c2b1a ///< in one of the other

/** The head of a file. `comments` (char *, valid UTF-8) may be NULL. */
void pcapng_add_section(GByteArray *bytes, const GPtrArray *comments);

/** An interface for packets of this one's link type and precision of time; the first has the number 0. `description` may be
 * NULL. */
void pcapng_add_interface(GByteArray *bytes, const CapturePacket *packet, const char *description);

/** `comments` as above. */
void pcapng_add_packet(GByteArray *bytes, uint32_t interface, const CapturePacket *packet, const GPtrArray *comments);

#endif
