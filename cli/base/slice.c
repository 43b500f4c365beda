// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/slice.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

Slice slice(const char *text)
{
    return (Slice){text, text ? strlen(text) : 0};
}

Slice slice_present(Slice text)
{
    bool absent = !text.text || text.len == 0 || (text.len == 1 && text.text[0] == '-');
    return absent ? SLICE_NONE : text;
}

bool slice_is(Slice text, const char *expected)
{
    size_t len = strlen(expected);
    return text.text && text.len == len && memcmp(text.text, expected, len) == 0;
}

bool slice_is_any_case(Slice text, const char *expected)
{
    size_t len = strlen(expected);
    return text.text && text.len == len && g_ascii_strncasecmp(text.text, expected, len) == 0;
}

bool slice_has_prefix(Slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.text && text.len >= len && memcmp(text.text, prefix, len) == 0;
}

const char *slice_find(Slice text, const char *needle)
{
    return text.text ? memmem(text.text, text.len, needle, strlen(needle)) : NULL;
}

Slice slice_after(Slice message, const char *label)
{
    const char *found = slice_find(message, label);
    if (!found)
        return SLICE_NONE;
    const char *end = message.text + message.len, *start = found + strlen(label);
    while (start < end && strchr(" \t:=", *start))
        start++;
    const char *stop = start;
    while (stop < end && *stop && !strchr("\r\n;", *stop))
        stop++;
    return (Slice){start, (size_t) (stop - start)};
}

static bool parse_number(Slice text, uint64_t *value)
{
    bool hex = text.len > 2 && text.text[0] == '0' && (text.text[1] | 0x20) == 'x';
    size_t i = hex ? 2 : 0;
    if (!text.text || i == text.len)
        return false;
    uint64_t base = hex ? 16 : 10, n = 0;
    for (; i < text.len; i++) {
        int digit = g_ascii_xdigit_value(text.text[i]);
        if (digit < 0 || (uint64_t) digit >= base || n > (UINT64_MAX - (uint64_t) digit) / base)
            return false;
        n = n * base + (uint64_t) digit;
    }
    *value = n;
    return true;
}

int64_t slice_number(Slice text)
{
    uint64_t value;
    return parse_number(text, &value) && value <= INT64_MAX ? (int64_t) value : -1;
}

uint64_t slice_id(Slice text)
{
    uint64_t value;
    return parse_number(text, &value) ? value : 0;
}

bool slice_address(Slice text, Address *address)
{
    *address = (Address){0};
    if (!text.text)
        return false;
    char buffer[INET6_ADDRSTRLEN];
    const char *start = text.text, *end = start + text.len;
    if (text.len > 2 && start[0] == '[' && end[-1] == ']') {
        start++;
        end--;
    }
    const char *zone = memchr(start, '%', (size_t) (end - start));
    if (zone)
        end = zone;
    size_t len = (size_t) (end - start);
    if (len == 0 || len >= sizeof(buffer))
        return false;
    memcpy(buffer, start, len);
    buffer[len] = '\0';
    uint8_t v4[4];
    if (inet_pton(AF_INET, buffer, v4) == 1) {
        memcpy(address->bytes, v4_mapped, sizeof(v4_mapped));
        memcpy(address->bytes + sizeof(v4_mapped), v4, sizeof(v4));
        static const uint8_t any[4] = {0};
        if (memcmp(v4, any, sizeof(v4)) == 0)
            *address = (Address){0};
    } else if (inet_pton(AF_INET6, buffer, address->bytes) != 1) {
        *address = (Address){0};
    }
    return address_known(address);
}

bool address_known(const Address *address)
{
    static const Address none = {0};
    return memcmp(address, &none, sizeof(none)) != 0;
}

bool address_equal(const Address *a, const Address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_v4(const Address *address)
{
    return memcmp(address->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool address_loopback(const Address *address)
{
    static const uint8_t v6[16] = {[15] = 1};
    return is_v4(address) ? address->bytes[12] == 127 : memcmp(address->bytes, v6, sizeof(v6)) == 0;
}

char *address_text(const Address *address)
{
    char buffer[INET6_ADDRSTRLEN];
    bool v4 = is_v4(address);
    const void *bytes = v4 ? address->bytes + sizeof(v4_mapped) : address->bytes;
    return g_strdup(inet_ntop(v4 ? AF_INET : AF_INET6, bytes, buffer, sizeof(buffer)));
}

Slice slice_base(Slice path)
{
    for (size_t i = path.len; i > 0; i--) {
        if (path.text[i - 1] == '\\' || path.text[i - 1] == '/')
            return (Slice){path.text + i, path.len - i};
    }
    return path;
}

bool host_names_agree(const char *a, const char *b)
{
    if (!a || !b || !*a || !*b)
        return false;
    size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");
    if (a[a_len] && b[b_len]) // both are qualified
        return g_ascii_strcasecmp(a, b) == 0;
    return a_len == b_len && g_ascii_strncasecmp(a, b, a_len) == 0;
}

const char *slice_keep(GStringChunk *chunk, Slice text)
{
    if (!text.text)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(text.text, (gssize) text.len);
    return g_string_chunk_insert_const(chunk, valid);
}
