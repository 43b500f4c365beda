// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture-packet.h"

#include <string.h>

guint64 capture_packet_time(const CapturePacket *packet)
{
    guint64 per_second = 1, per_unit = 1000000000;
    for (int i = 0; i < packet->digits; i++) {
        per_second *= 10;
        per_unit /= 10;
    }
    guint64 secs = (guint64) CLAMP(packet->secs, 0, (gint64) (UINT64_MAX / 1000000000) / 2);
    return secs * per_second + packet->nsecs / per_unit;
}

int capture_packet_compare(const CapturePacket *a, const CapturePacket *b)
{
    if (a->secs != b->secs)
        return a->secs < b->secs ? -1 : 1;
    return a->nsecs < b->nsecs ? -1 : a->nsecs > b->nsecs;
}

HeldPacket *held_packet_new(const CapturePacket *packet)
{
    HeldPacket *held = g_malloc(sizeof *held + packet->len);
    *held = (HeldPacket){.packet = *packet};
    if (packet->len > 0)
        memcpy(held->bytes, packet->data, packet->len);
    held->packet.data = held->bytes;
    return held;
}

gsize held_packet_size(const HeldPacket *held)
{
    return sizeof *held + held->packet.len + 16; // what malloc() adds
}

void held_packet_free_all(HeldPacket *first)
{
    while (first) {
        HeldPacket *next = first->next;
        g_free(first);
        first = next;
    }
}
