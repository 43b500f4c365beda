// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/address.h"

#include "base/number.h"

#include <arpa/inet.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

bool address_parse(Slice text, Address *address)
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
        *address = address_from_v4(v4);
        return true;
    }
    if (inet_pton(AF_INET6, buffer, address->bytes) == 1)
        return true;
    *address = (Address){0};
    return false;
}

bool address_known(const Address *address)
{
    static const Address any_v6 = {0}, any_v4 = {{[10] = 0xff, [11] = 0xff}};
    return !address_equal(address, &any_v6) && !address_equal(address, &any_v4);
}

bool address_equal(const Address *a, const Address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool address_is_v4(const Address *address)
{
    return memcmp(address->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool address_loopback(const Address *address)
{
    static const uint8_t v6[16] = {[15] = 1};
    return address_is_v4(address) ? address->bytes[12] == 127 : memcmp(address->bytes, v6, sizeof(v6)) == 0;
}

/** Whether both have the same bits from `from` to before `to`, counted from the first. */
static bool same_bits(const Address *a, const Address *b, guint from, guint to)
{
    for (guint i = from; i < to; i++) {
        if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8)) & 1)
            return false;
    }
    return true;
}

bool network_parse(Slice text, Network *network)
{
    static const Address none = {0};
    const char *slash = text.text ? memchr(text.text, '/', text.len) : NULL;
    size_t len = slash ? (size_t) (slash - text.text) : text.len;
    if (!address_parse((Slice){text.text, len}, &network->first))
        return false;
    bool v4 = !memchr(text.text, ':', len);
    Slice written = slash ? (Slice){slash + 1, text.len - len - 1} : slice(v4 ? "32" : "128");
    int64_t bits = slice_has_prefix_any_case(written, "0x") ? NUMBER_UNKNOWN : number_parse(written);
    if (bits < 0 || bits > (v4 ? 32 : 128))
        return false;
    network->bits = (guint) bits + (v4 ? 96 : 0);
    return same_bits(&network->first, &none, network->bits, 128);
}

bool network_has(const Network *network, const Address *address)
{
    return address_is_v4(&network->first) == address_is_v4(address) &&
           same_bits(&network->first, address, 0, network->bits);
}

char *address_text(const Address *address)
{
    char buffer[INET6_ADDRSTRLEN];
    bool v4 = address_is_v4(address);
    const void *bytes = v4 ? address->bytes + sizeof(v4_mapped) : address->bytes;
    return g_strdup(inet_ntop(v4 ? AF_INET : AF_INET6, bytes, buffer, sizeof(buffer)));
}
