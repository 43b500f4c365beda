// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * One packet of a capture, and packets that wait.
 */
#ifndef CAR_CAPTURE_PACKET_H
#define CAR_CAPTURE_PACKET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** The link layers that layers.c reads. */
typedef enum {
    LINK_OTHER,
    LINK_ETHERNET,
    LINK_IP, ///< IPv4 or IPv6 without a link layer
    LINK_COOKED,
    LINK_COOKED2,
    LINK_NULL,
    LINK_PPP,
    LINK_CHDLC,
} LinkKind;

typedef struct {
    guint file;      ///< index of the capture
    uint64_t number; ///< of the frame in its capture, from 1
    const uint8_t *data;
    uint32_t len;      ///< bytes captured
    uint32_t wire_len; ///< bytes on the wire
    LinkKind link;
    bool counted;  ///< in the counts of a scan before
    int link_type; ///< as in capture files (LINKTYPE_…); -1: it has none
    int digits;    ///< of the second, that the capture tells
    int64_t secs;
    uint32_t nsecs;
} CapturePacket;

/** Its time since 1970 in units of its last digit, as pcapng tells it; what is before that is 1970. */
uint64_t capture_packet_time(const CapturePacket *packet);

/** Negative when `a` was captured before `b`, positive when after it. */
int capture_packet_compare(const CapturePacket *a, const CapturePacket *b);

/** A packet with bytes of its own. */
typedef struct HeldPacket {
    CapturePacket packet;
    struct HeldPacket *next;
    uint32_t begin, end; ///< sequence numbers, for reorder.c
    uint8_t side;        ///< which end of its flow sent it
    uint8_t bytes[];
} HeldPacket;

/** A copy of `packet`. Free with g_free(). */
HeldPacket *held_packet_new(const CapturePacket *packet);

/** Memory that it takes. */
size_t held_packet_size(const HeldPacket *held);

/** Frees it and those behind it. */
void held_packet_free_all(HeldPacket *first);

#endif
