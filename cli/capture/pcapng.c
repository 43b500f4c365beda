// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/pcapng.h"

#include <string.h>

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_IF_DESCRIPTION = 3,
    OPTION_IF_TSRESOL = 9,
    OPTION_SHB_APPLICATION = 4
};

#define MAX_OPTION 65535

static void put(GByteArray *block, gconstpointer data, size_t len)
{
    static const uint8_t padding[4] = {0};
    g_byte_array_append(block, data, (guint) len);
    g_byte_array_append(block, padding, (guint) (-len % 4));
}

static void put_u16(GByteArray *block, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    g_byte_array_append(block, (const uint8_t *) &value, sizeof(value));
}

static void put_u32(GByteArray *block, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(block, (const uint8_t *) &value, sizeof(value));
}

static void put_option(GByteArray *block, uint16_t code, gconstpointer data, size_t len)
{
    put_u16(block, code);
    put_u16(block, (uint16_t) len);
    put(block, data, len);
}

static void put_text(GByteArray *block, uint16_t code, const char *text)
{
    size_t len = strlen(text);
    if (len > MAX_OPTION) {
        for (len = MAX_OPTION; ((guchar) text[len] & 0xc0) == 0x80;) // within a character
            len--;
    }
    put_option(block, code, text, len);
}

static void put_comments(GByteArray *block, const GPtrArray *comments)
{
    for (guint i = 0; comments && i < comments->len; i++)
        put_text(block, OPTION_COMMENT, g_ptr_array_index(comments, i));
}

static void write_block(FILE *stream, uint32_t kind, const GByteArray *body)
{
    const uint32_t frame[2] = {GUINT32_TO_LE(kind), GUINT32_TO_LE(body->len + 12)};
    (void) fwrite(frame, sizeof(frame), 1, stream);
    (void) fwrite(body->data, 1, body->len, stream);
    (void) fwrite(&frame[1], sizeof(frame[1]), 1, stream);
}

void pcapng_write_section(FILE *stream, const GPtrArray *comments)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    put_u32(body, 0x1a2b3c4d);
    put_u16(body, 1);
    put_u16(body, 0);
    put_u32(body, UINT32_MAX); // its length is not told
    put_u32(body, UINT32_MAX);
    put_comments(body, comments);
    put_text(body, OPTION_SHB_APPLICATION, "car-wmi " CAR_VERSION);
    put_u32(body, OPTION_END);
    write_block(stream, BLOCK_SECTION, body);
}

void pcapng_write_interface(FILE *stream, const CapturePacket *packet, const char *description)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    const uint8_t digits = (uint8_t) packet->digits;
    put_u16(body, (uint16_t) packet->link_type);
    put_u16(body, 0);
    put_u32(body, 0); // no limit to a packet's length
    put_text(body, OPTION_IF_DESCRIPTION, description);
    put_option(body, OPTION_IF_TSRESOL, &digits, sizeof(digits));
    put_u32(body, OPTION_END);
    write_block(stream, BLOCK_INTERFACE, body);
}

void pcapng_write_packet(FILE *stream, uint32_t interface, const CapturePacket *packet, const GPtrArray *comments)
{
    g_autoptr(GByteArray) body = g_byte_array_sized_new(packet->len + 64);
    uint64_t time = capture_packet_time(packet);
    put_u32(body, interface);
    put_u32(body, (uint32_t) (time >> 32));
    put_u32(body, (uint32_t) time);
    put_u32(body, packet->len);
    put_u32(body, packet->wire_len);
    put(body, packet->data, packet->len);
    if (comments && comments->len > 0) {
        put_comments(body, comments);
        put_u32(body, OPTION_END);
    }
    write_block(stream, BLOCK_PACKET, body);
}
