// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds packets for the tests of the scan.
 */
#ifndef PACKET_BUILDER_H
#define PACKET_BUILDER_H

#include "capture/layers.h"

/** An Ethernet frame in the making, from its end to its start: each function puts a header before what is there. */
typedef struct {
    guint8 bytes[4096];
    gsize start; ///< of what is there
} FrameBuilder;

void frame_init(FrameBuilder *frame, gconstpointer payload, gsize len);
void frame_prepend(FrameBuilder *frame, gconstpointer header, gsize len);
void frame_tcp(FrameBuilder *frame, guint16 from, guint16 to, guint32 seq, guint32 ack, guint8 flags);
void frame_udp(FrameBuilder *frame, guint16 from, guint16 to);
/** 10.0.0.`from` → 10.0.0.`to` */
void frame_ipv4(FrameBuilder *frame, guint8 protocol, guint8 from, guint8 to);
void frame_ipv6(FrameBuilder *frame, guint8 protocol, guint8 from, guint8 to);
void frame_ethernet(FrameBuilder *frame, guint16 type);

/** The frame as a packet of a capture; valid as long as the frame. */
CapturePacket frame_packet(const FrameBuilder *frame, guint64 number);

/** A whole TCP packet from 10.0.0.1 to 10.0.0.2, or back when `from_server`. */
void frame_segment(FrameBuilder *frame, bool from_server, guint16 client_port, guint16 server_port, guint32 seq,
                   guint32 ack, guint8 flags, gconstpointer payload, gsize len);

/** A DCE/RPC Bind to one interface, of which the UUID is given as it stands on the wire, with a token or
 *  NULL; returns its length. */
gsize pdu_bind(guint8 *out, const guint8 uuid[16], const GByteArray *token);
/** A request; `flags` are those of its header. */
gsize pdu_request(guint8 *out, guint8 flags, guint16 opnum, guint32 stub_len);

/** Of IWbemLevel1Login and samr, as they stand on the wire. */
extern const guint8 uuid_login[16], uuid_samr[16];

#endif
