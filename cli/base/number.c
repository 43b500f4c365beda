// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/number.h"

static bool parse(Slice text, uint64_t *value)
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

int64_t number_parse(Slice text)
{
    uint64_t value;
    return parse(text, &value) && value <= INT64_MAX ? (int64_t) value : NUMBER_UNKNOWN;
}

uint64_t number_parse_id(Slice text)
{
    uint64_t value;
    return parse(text, &value) ? value : 0;
}

int64_t number_parse_port(Slice text)
{
    int64_t value = number_parse(text);
    return number_is_port(value) ? value : NUMBER_UNKNOWN;
}

bool number_is_port(int64_t number)
{
    return number > 0 && number <= 65535;
}
