// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/packet.h"

#include <string.h>

uint64_t capture_packet_time(const CapturePacket *packet)
{
    uint64_t per_second = 1, per_unit = 1000000000;
    for (int i = 0; i < packet->digits; i++) {
        per_second *= 10;
        per_unit /= 10;
    }
    uint64_t secs = (uint64_t) CLAMP(packet->secs, 0, (int64_t) (UINT64_MAX / 1000000000) / 2);
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
    HeldPacket *held = g_malloc(sizeof(*held) + packet->len);
    *held = (HeldPacket){.packet = *packet};
    if (packet->len > 0)
        memcpy(held->bytes, packet->data, packet->len);
    held->packet.data = held->bytes;
    return held;
}

size_t held_packet_size(const HeldPacket *held)
{
    return sizeof(*held) + held->packet.len + 16; // what malloc() adds
}

void held_packet_free_all(HeldPacket *first)
{
    while (first) {
        HeldPacket *next = first->next;
        g_free(first);
        first = next;
    }
}
