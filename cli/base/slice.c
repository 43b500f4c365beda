// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/slice.h"

#include <string.h>

Slice slice(const char *text)
{
    return (Slice){text, text ? strlen(text) : 0};
}

Slice slice_present(Slice text)
{
    bool absent = !text.text || text.len == 0 || (text.len == 1 && text.text[0] == '-');
    return absent ? SLICE_NONE : text;
}

bool slice_equal(Slice a, Slice b)
{
    return a.text && b.text && a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

bool slice_equal_any_case(Slice a, Slice b)
{
    return a.text && b.text && a.len == b.len && g_ascii_strncasecmp(a.text, b.text, a.len) == 0;
}

bool slice_is(Slice text, const char *expected)
{
    return slice_equal(text, slice(expected));
}

bool slice_is_any_case(Slice text, const char *expected)
{
    return slice_equal_any_case(text, slice(expected));
}

bool slice_has_prefix(Slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.text && text.len >= len && memcmp(text.text, prefix, len) == 0;
}

bool slice_has_prefix_any_case(Slice text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.text && text.len >= len && g_ascii_strncasecmp(text.text, prefix, len) == 0;
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

Slice slice_base(Slice path)
{
    for (size_t i = path.len; i > 0; i--) {
        if (path.text[i - 1] == '\\' || path.text[i - 1] == '/')
            return (Slice){path.text + i, path.len - i};
    }
    return path;
}

bool slice_same_base(Slice a, Slice b)
{
    Slice base = slice_base(a);
    return base.len > 0 && slice_equal_any_case(base, slice_base(b));
}

char *slice_dup(Slice text)
{
    return g_strndup(text.text ? text.text : "", text.len);
}
