// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/stream.h"

#include "capture/pcapng.h"
#include "capture/reader.h"

#include <string.h>

G_DEFINE_QUARK(car - capture - stream - error - quark, capture_stream_error)

#define MAX_PACKET (1u << 18) ///< as libwiretap
#define MAX_BLOCK (16u << 20) ///< with options
#define MAX_INTERFACES (1u << 12)
#define DIGITS 9 ///< of the second, of what is not told in decimal digits

typedef enum { FORMAT_UNKNOWN, FORMAT_PCAP, FORMAT_PCAPNG } Format;

typedef struct {
    int link_type;
    LinkKind link;
    uint32_t snap_len;  ///< 0: no limit
    uint8_t resolution; ///< as if_tsresol
    int64_t offset;     ///< seconds
    uint64_t dropped;
} Interface;

struct CaptureStream {
    bool apart;
    GByteArray *bytes;
    size_t at; ///< in `bytes`, of what comes next
    Format format;
    bool swap; ///< it is in the other byte order
    bool failed;
    GArray *interfaces; ///< Interface; of the section
    uint64_t number;    ///< of the last frame
    uint64_t dropped;   ///< in sections before
};

CaptureStream *capture_stream_new(bool apart)
{
    CaptureStream *s = g_new0(CaptureStream, 1);
    s->apart = apart;
    s->bytes = g_byte_array_new();
    s->interfaces = g_array_new(FALSE, TRUE, sizeof(Interface));
    return s;
}

void capture_stream_free(CaptureStream *s)
{
    g_byte_array_unref(s->bytes);
    g_array_unref(s->interfaces);
    g_free(s);
}

void capture_stream_add(CaptureStream *s, const uint8_t *data, size_t len)
{
    if (s->failed)
        return;
    if (s->at > 0)
        g_byte_array_remove_range(s->bytes, 0, (guint) s->at);
    s->at = 0;
    g_byte_array_append(s->bytes, data, (guint) len);
}

// ---- numbers in the capture's byte order

static uint16_t get_u16(const CaptureStream *s, const uint8_t *p)
{
    uint16_t value;
    memcpy(&value, p, sizeof(value));
    return s->swap ? GUINT16_SWAP_LE_BE(value) : value;
}

static uint32_t get_u32(const CaptureStream *s, const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return s->swap ? GUINT32_SWAP_LE_BE(value) : value;
}

static uint64_t get_u64(const CaptureStream *s, const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return s->swap ? GUINT64_SWAP_LE_BE(value) : value;
}

static const uint8_t *rest(const CaptureStream *s, size_t *len)
{
    *len = s->bytes->len - s->at;
    return *len > 0 ? s->bytes->data + s->at : NULL;
}

static bool fail(CaptureStream *s, const char *reason, GError **error)
{
    s->failed = true;
    g_set_error(error, CAPTURE_STREAM_ERROR, CAPTURE_STREAM_ERROR_DAMAGED, "%s, after frame %" G_GUINT64_FORMAT, reason,
                s->number);
    return false;
}

static bool take_packet(CaptureStream *s, CapturePacket *packet, guint index, const uint8_t *data, uint32_t len,
                        uint32_t wire_len)
{
    const Interface *interface = &g_array_index(s->interfaces, Interface, index);
    packet->file = s->apart ? index : 0;
    packet->number = ++s->number;
    packet->data = data;
    packet->len = len;
    packet->wire_len = wire_len;
    packet->link = interface->link;
    packet->link_type = interface->link_type;
    return true;
}

static void add_interface(CaptureStream *s, int link_type, uint32_t snap_len, uint8_t resolution)
{
    Interface interface = {
        .link_type = link_type,
        .link = capture_reader_link_kind(link_type),
        .snap_len = snap_len,
        .resolution = resolution,
    };
    g_array_append_val(s->interfaces, interface);
}

// ---- pcap

static bool pcap_begin(CaptureStream *s, const uint8_t *head, GError **error)
{
    uint32_t magic = get_u32(s, head);
    if (get_u16(s, head + 4) != 2)
        return fail(s, "it is of an unknown version of pcap", error);
    s->format = FORMAT_PCAP;
    add_interface(s, (int) (get_u32(s, head + 20) & 0xffff), 0, magic == 0xa1b23c4d ? 9 : 6);
    s->at += 24;
    return true;
}

static bool pcap_next(CaptureStream *s, CapturePacket *packet, GError **error)
{
    size_t len;
    const uint8_t *p = rest(s, &len);
    if (len < 16)
        return false;
    uint32_t captured = get_u32(s, p + 8);
    if (captured > MAX_PACKET)
        return fail(s, "damaged: a packet is too long", error);
    if (len < 16 + (size_t) captured)
        return false;
    int digits = g_array_index(s->interfaces, Interface, 0).resolution;
    packet->digits = digits;
    packet->secs = get_u32(s, p);
    packet->nsecs = MIN(get_u32(s, p + 4), 999999999u / (digits == 6 ? 1000 : 1)) * (digits == 6 ? 1000 : 1);
    s->at += 16 + (size_t) captured;
    return take_packet(s, packet, 0, p + 16, captured, get_u32(s, p + 12));
}

// ---- pcapng

/** Calls `take` with each option of a block. */
static void each_option(CaptureStream *s, const uint8_t *p, size_t len,
                        void (*take)(CaptureStream *s, Interface *interface, guint code, const uint8_t *value,
                                     guint len),
                        Interface *interface)
{
    while (len >= 4) {
        guint code = get_u16(s, p);
        size_t size = get_u16(s, p + 2), padded = (size + 3) & ~(size_t) 3;
        if (code == PCAPNG_OPTION_END || padded > len - 4)
            return;
        take(s, interface, code, p + 4, (guint) size);
        p += 4 + padded;
        len -= 4 + padded;
    }
}

static void take_interface_option(CaptureStream *s, Interface *interface, guint code, const uint8_t *value, guint len)
{
    if (code == PCAPNG_OPTION_IF_TSRESOL && len == 1)
        interface->resolution = value[0];
    else if (code == PCAPNG_OPTION_IF_TSOFFSET && len == 8)
        interface->offset = (int64_t) get_u64(s, value);
}

static void take_statistics_option(CaptureStream *s, Interface *interface, guint code, const uint8_t *value, guint len)
{
    bool drops = (code == PCAPNG_OPTION_ISB_IFDROP || code == PCAPNG_OPTION_ISB_OSDROP) && len == 8;
    uint64_t number = drops ? get_u64(s, value) : 0;
    if (number != UINT64_MAX) // which some write for a number they do not know
        interface->dropped = MAX(interface->dropped, number);
}

static void set_time(const Interface *interface, uint64_t units, CapturePacket *packet)
{
    guint exponent = interface->resolution & 0x7f;
    bool decimal = !(interface->resolution & 0x80);
    uint64_t secs, nsecs;
    if (decimal && exponent <= 19) {
        uint64_t per_second = 1;
        for (guint i = 0; i < exponent; i++)
            per_second *= 10;
        secs = units / per_second;
        nsecs = units % per_second;
        for (guint i = exponent; i < DIGITS; i++)
            nsecs *= 10;
        for (guint i = DIGITS; i < exponent; i++)
            nsecs /= 10;
    } else if (!decimal && exponent < 64) {
        secs = units >> exponent;
        uint64_t part = units & ((G_GUINT64_CONSTANT(1) << exponent) - 1);
        nsecs = exponent > 32 ? (part >> (exponent - 32)) * 1000000000 >> 32 : part * 1000000000 >> exponent;
    } else {
        secs = nsecs = 0; // finer than any time since 1970
    }
    packet->digits = decimal ? (int) MIN(exponent, DIGITS) : DIGITS;
    packet->secs = (int64_t) (secs + (uint64_t) interface->offset);
    packet->nsecs = (uint32_t) nsecs;
}

static bool take_enhanced(CaptureStream *s, const uint8_t *body, size_t len, CapturePacket *packet, GError **error)
{
    uint32_t index = len >= 20 ? get_u32(s, body) : UINT32_MAX;
    uint32_t captured = len >= 20 ? get_u32(s, body + 12) : 0;
    if (index >= s->interfaces->len || captured > MAX_PACKET || captured > len - 20)
        return fail(s, "damaged: a packet contradicts itself", error);
    uint64_t units = (uint64_t) get_u32(s, body + 4) << 32 | get_u32(s, body + 8);
    set_time(&g_array_index(s->interfaces, Interface, index), units, packet);
    return take_packet(s, packet, index, body + 20, captured, get_u32(s, body + 16));
}

static bool take_simple(CaptureStream *s, const uint8_t *body, size_t len, CapturePacket *packet, GError **error)
{
    if (s->interfaces->len == 0 || len < 4)
        return fail(s, "damaged: a packet contradicts itself", error);
    uint32_t snap_len = g_array_index(s->interfaces, Interface, 0).snap_len;
    uint32_t wire_len = get_u32(s, body), captured = MIN(wire_len, snap_len ? snap_len : wire_len);
    if (captured > MAX_PACKET || captured > len - 4)
        return fail(s, "damaged: a packet contradicts itself", error);
    packet->secs = packet->nsecs = 0;
    packet->digits = DIGITS;
    return take_packet(s, packet, 0, body + 4, captured, wire_len);
}

static void take_section(CaptureStream *s)
{
    s->dropped = capture_stream_dropped(s);
    g_array_set_size(s->interfaces, 0);
}

/** Whether the block is a packet; others are taken here. */
static bool take_block(CaptureStream *s, uint32_t kind, const uint8_t *body, size_t len, CapturePacket *packet,
                       GError **error)
{
    switch (kind) {
    case PCAPNG_SECTION: take_section(s); return false;
    case PCAPNG_INTERFACE:
        if (len < 8 || s->interfaces->len == MAX_INTERFACES)
            return fail(s, "damaged: an interface contradicts itself", error);
        add_interface(s, get_u16(s, body), get_u32(s, body + 4), 6);
        each_option(s, body + 8, len - 8, take_interface_option,
                    &g_array_index(s->interfaces, Interface, s->interfaces->len - 1));
        return false;
    case PCAPNG_STATISTICS:
        if (len >= 12 && get_u32(s, body) < s->interfaces->len)
            each_option(s, body + 12, len - 12, take_statistics_option,
                        &g_array_index(s->interfaces, Interface, get_u32(s, body)));
        return false;
    case PCAPNG_PACKET: return take_enhanced(s, body, len, packet, error);
    case PCAPNG_SIMPLE_PACKET: return take_simple(s, body, len, packet, error);
    default: return false;
    }
}

static bool pcapng_next(CaptureStream *s, CapturePacket *packet, GError **error)
{
    size_t len;
    const uint8_t *p;
    while ((p = rest(s, &len)) && len >= 12) {
        uint32_t kind = get_u32(s, p);
        if (kind == PCAPNG_SECTION) {
            uint32_t magic;
            memcpy(&magic, p + 8, sizeof(magic));
            if (magic != PCAPNG_MAGIC && magic != PCAPNG_MAGIC_SWAPPED)
                return fail(s, "damaged: a section contradicts itself", error);
            s->swap = magic != PCAPNG_MAGIC;
        }
        uint32_t size = get_u32(s, p + 4);
        if (size < 12 || size % 4 != 0 || size > MAX_BLOCK)
            return fail(s, "damaged: a block contradicts itself", error);
        if (len < size)
            return false;
        if (get_u32(s, p + size - 4) != size)
            return fail(s, "damaged: a block contradicts itself", error);
        s->at += size;
        if (take_block(s, kind, p + 8, size - 12, packet, error))
            return true;
        if (s->failed)
            return false;
    }
    return false;
}

// ---- both

/** False, without an error, while too little has come to tell. */
static bool begin(CaptureStream *s, GError **error)
{
    size_t len;
    const uint8_t *p = rest(s, &len);
    if (len < 4)
        return false;
    uint32_t magic;
    memcpy(&magic, p, sizeof(magic));
    uint32_t swapped = GUINT32_SWAP_LE_BE(magic);
    if (magic == PCAPNG_SECTION) {
        s->format = FORMAT_PCAPNG;
        return true;
    }
    s->swap = swapped == 0xa1b2c3d4 || swapped == 0xa1b23c4d;
    if (s->swap || magic == 0xa1b2c3d4 || magic == 0xa1b23c4d)
        return len >= 24 && pcap_begin(s, p, error);
    s->failed = true;
    g_set_error(error, CAPTURE_STREAM_ERROR, CAPTURE_STREAM_ERROR_FORMAT,
                "is neither pcap nor pcapng, which can be read as they grow");
    return false;
}

bool capture_stream_next(CaptureStream *s, CapturePacket *packet, GError **error)
{
    if (s->failed || (s->format == FORMAT_UNKNOWN && !begin(s, error)))
        return false;
    return s->format == FORMAT_PCAP ? pcap_next(s, packet, error) : pcapng_next(s, packet, error);
}

bool capture_stream_end(const CaptureStream *s, GError **error)
{
    if (s->format == FORMAT_UNKNOWN) {
        g_set_error(error, CAPTURE_STREAM_ERROR, CAPTURE_STREAM_ERROR_FORMAT,
                    s->bytes->len > 0 ? "is neither pcap nor pcapng, which can be read as they grow" : "is empty");
        return false;
    }
    if (s->at < s->bytes->len) {
        g_set_error(error, CAPTURE_STREAM_ERROR, CAPTURE_STREAM_ERROR_DAMAGED,
                    "cut short in the middle of a packet, after frame %" G_GUINT64_FORMAT, s->number);
        return false;
    }
    return true;
}

uint64_t capture_stream_packets(const CaptureStream *s)
{
    return s->number;
}

uint64_t capture_stream_dropped(const CaptureStream *s)
{
    uint64_t dropped = s->dropped;
    for (guint i = 0; i < s->interfaces->len; i++)
        dropped += g_array_index(s->interfaces, Interface, i).dropped;
    return dropped;
}
