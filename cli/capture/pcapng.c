// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/pcapng.h"

#include <string.h>

#define MAX_OPTION 65535

static void put(GByteArray *bytes, gconstpointer data, size_t len)
{
    static const uint8_t padding[4] = {0};
    g_byte_array_append(bytes, data, (guint) len);
    g_byte_array_append(bytes, padding, (guint) (-len % 4));
}

static void put_u16(GByteArray *bytes, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    g_byte_array_append(bytes, (const uint8_t *) &value, sizeof(value));
}

static void put_u32(GByteArray *bytes, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(bytes, (const uint8_t *) &value, sizeof(value));
}

static void put_option(GByteArray *bytes, uint16_t code, gconstpointer data, size_t len)
{
    put_u16(bytes, code);
    put_u16(bytes, (uint16_t) len);
    put(bytes, data, len);
}

static void put_text(GByteArray *bytes, uint16_t code, const char *text)
{
    size_t len = strlen(text);
    if (len > MAX_OPTION) {
        for (len = MAX_OPTION; ((guchar) text[len] & 0xc0) == 0x80;) // within a character
            len--;
    }
    put_option(bytes, code, text, len);
}

static void put_comments(GByteArray *bytes, const GPtrArray *comments)
{
    for (guint i = 0; comments && i < comments->len; i++)
        put_text(bytes, PCAPNG_OPTION_COMMENT, g_ptr_array_index(comments, i));
}

/** Returns where the block begins. */
static guint begin_block(GByteArray *bytes, uint32_t kind)
{
    guint start = bytes->len;
    put_u32(bytes, kind);
    put_u32(bytes, 0);
    return start;
}

/** Its length stands at both of its ends. */
static void end_block(GByteArray *bytes, guint start)
{
    const uint32_t len = GUINT32_TO_LE(bytes->len - start + 4);
    memcpy(bytes->data + start + 4, &len, sizeof(len));
    g_byte_array_append(bytes, (const uint8_t *) &len, sizeof(len));
}

void pcapng_add_section(GByteArray *bytes, const GPtrArray *comments)
{
    guint start = begin_block(bytes, PCAPNG_SECTION);
    put_u32(bytes, PCAPNG_MAGIC);
    put_u16(bytes, 1);
    put_u16(bytes, 0);
    put_u32(bytes, UINT32_MAX); // its length is not told
    put_u32(bytes, UINT32_MAX);
    put_comments(bytes, comments);
    put_text(bytes, PCAPNG_OPTION_SHB_APPLICATION, "car-wmi " CAR_VERSION);
    put_u32(bytes, PCAPNG_OPTION_END);
    end_block(bytes, start);
}

void pcapng_add_interface(GByteArray *bytes, const CapturePacket *packet, const char *description)
{
    const uint8_t digits = (uint8_t) packet->digits;
    guint start = begin_block(bytes, PCAPNG_INTERFACE);
    put_u16(bytes, (uint16_t) packet->link_type);
    put_u16(bytes, 0);
    put_u32(bytes, 0); // no limit to a packet's length
    if (description)
        put_text(bytes, PCAPNG_OPTION_IF_DESCRIPTION, description);
    put_option(bytes, PCAPNG_OPTION_IF_TSRESOL, &digits, sizeof(digits));
    put_u32(bytes, PCAPNG_OPTION_END);
    end_block(bytes, start);
}

void pcapng_add_packet(GByteArray *bytes, uint32_t interface, const CapturePacket *packet, const GPtrArray *comments)
{
    uint64_t time = capture_packet_time(packet);
    guint start = begin_block(bytes, PCAPNG_PACKET);
    const uint32_t head[] = {
        GUINT32_TO_LE(interface),   GUINT32_TO_LE((uint32_t) (time >> 32)), GUINT32_TO_LE((uint32_t) time),
        GUINT32_TO_LE(packet->len), GUINT32_TO_LE(packet->wire_len),
    };
    g_byte_array_append(bytes, (const uint8_t *) head, sizeof(head));
    put(bytes, packet->data, packet->len);
    if (comments && comments->len > 0) {
        put_comments(bytes, comments);
        put_u32(bytes, PCAPNG_OPTION_END);
    }
    end_block(bytes, start);
}
