// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture-packet.h"

#include <string.h>

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
