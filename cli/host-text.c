// SPDX-License-Identifier: GPL-2.0-or-later
#include "host-text.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

HostText host_text(const char *text)
{
    return (HostText){text, text ? strlen(text) : 0};
}

HostText host_text_present(HostText text)
{
    bool absent = !text.text || text.len == 0 || (text.len == 1 && text.text[0] == '-');
    return absent ? HOST_TEXT_NONE : text;
}

bool host_text_is(HostText text, const char *expected)
{
    size_t len = strlen(expected);
    return text.text && text.len == len && memcmp(text.text, expected, len) == 0;
}

bool host_text_is_any_case(HostText text, const char *expected)
{
    size_t len = strlen(expected);
    return text.text && text.len == len && g_ascii_strncasecmp(text.text, expected, len) == 0;
}

bool host_text_has_prefix(HostText text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.text && text.len >= len && memcmp(text.text, prefix, len) == 0;
}

const char *host_text_find(HostText text, const char *needle)
{
    return text.text ? memmem(text.text, text.len, needle, strlen(needle)) : NULL;
}

HostText host_text_after(HostText message, const char *label)
{
    const char *found = host_text_find(message, label);
    if (!found)
        return HOST_TEXT_NONE;
    const char *end = message.text + message.len, *start = found + strlen(label);
    while (start < end && strchr(" \t:=", *start))
        start++;
    const char *stop = start;
    while (stop < end && *stop && !strchr("\r\n;", *stop))
        stop++;
    return (HostText){start, (size_t) (stop - start)};
}

static bool parse_number(HostText text, uint64_t *value)
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

int64_t host_text_number(HostText text)
{
    uint64_t value;
    return parse_number(text, &value) && value <= INT64_MAX ? (int64_t) value : -1;
}

uint64_t host_text_id(HostText text)
{
    uint64_t value;
    return parse_number(text, &value) ? value : 0;
}

bool host_text_address(HostText text, HostAddress *address)
{
    *address = (HostAddress){0};
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
    if (len == 0 || len >= sizeof buffer)
        return false;
    memcpy(buffer, start, len);
    buffer[len] = '\0';
    uint8_t v4[4];
    if (inet_pton(AF_INET, buffer, v4) == 1) {
        memcpy(address->bytes, v4_mapped, sizeof v4_mapped);
        memcpy(address->bytes + sizeof v4_mapped, v4, sizeof v4);
        static const uint8_t any[4] = {0};
        if (memcmp(v4, any, sizeof v4) == 0)
            *address = (HostAddress){0};
    } else if (inet_pton(AF_INET6, buffer, address->bytes) != 1) {
        *address = (HostAddress){0};
    }
    return host_address_known(address);
}

bool host_address_known(const HostAddress *address)
{
    static const HostAddress none = {0};
    return memcmp(address, &none, sizeof none) != 0;
}

bool host_address_equal(const HostAddress *a, const HostAddress *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_v4(const HostAddress *address)
{
    return memcmp(address->bytes, v4_mapped, sizeof v4_mapped) == 0;
}

bool host_address_loopback(const HostAddress *address)
{
    static const uint8_t v6[16] = {[15] = 1};
    return is_v4(address) ? address->bytes[12] == 127 : memcmp(address->bytes, v6, sizeof v6) == 0;
}

char *host_address_text(const HostAddress *address)
{
    char buffer[INET6_ADDRSTRLEN];
    bool v4 = is_v4(address);
    const void *bytes = v4 ? address->bytes + sizeof v4_mapped : address->bytes;
    return g_strdup(inet_ntop(v4 ? AF_INET : AF_INET6, bytes, buffer, sizeof buffer));
}

HostText host_text_base(HostText path)
{
    for (size_t i = path.len; i > 0; i--) {
        if (path.text[i - 1] == '\\' || path.text[i - 1] == '/')
            return (HostText){path.text + i, path.len - i};
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

const char *host_text_keep(GStringChunk *chunk, HostText text)
{
    if (!text.text)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(text.text, (gssize) text.len);
    return g_string_chunk_insert_const(chunk, valid);
}
