// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/pattern.h"

#include "base/address.h"
#include "record/text.h"

#include <string.h>

struct Pattern {
    Network network;    ///< where there is no `spec`
    GPatternSpec *spec; ///< of a text in lower case
    bool address;       ///< it is one of addresses, not of names
    bool whole;         ///< it names the domain or folder, too
};

void pattern_free(gpointer data)
{
    Pattern *pattern = data;
    g_clear_pointer(&pattern->spec, g_pattern_spec_free);
    g_free(pattern);
}

static GPatternSpec *make_spec(const char *text)
{
    g_autofree char *lower = g_utf8_strdown(text, -1);
    return g_pattern_spec_new(lower);
}

Pattern *pattern_new_place(const char *text)
{
    Pattern *pattern = g_new0(Pattern, 1);
    bool network = network_parse(slice(text), &pattern->network);
    if (!network && strchr(text, '/')) {
        pattern_free(pattern);
        return NULL;
    }
    if (!network) {
        pattern->address = strspn(text, "0123456789.:*?") == strlen(text) && strpbrk(text, "0123456789:");
        pattern->spec = make_spec(text);
    }
    return pattern;
}

Pattern *pattern_new_name(const char *text)
{
    Pattern *pattern = g_new0(Pattern, 1);
    pattern->whole = strpbrk(text, "\\/");
    pattern->spec = make_spec(text);
    return pattern;
}

static bool matches_text(const Pattern *pattern, const char *text)
{
    if (!text)
        return false;
    g_autofree char *lower = g_utf8_strdown(text, -1);
    return g_pattern_spec_match_string(pattern->spec, lower);
}

bool patterns_match_place(const GPtrArray *places, const RecordEnd *end)
{
    Address address;
    bool known = address_parse(slice(end->ip), &address);
    for (guint i = 0; i < places->len; i++) {
        const Pattern *pattern = g_ptr_array_index(places, i);
        if (!pattern->spec     ? known && network_has(&pattern->network, &address)
            : pattern->address ? matches_text(pattern, end->ip)
                               : matches_text(pattern, end->host) || matches_text(pattern, end->fqdn))
            return true;
    }
    return false;
}

bool patterns_match_name(const GPtrArray *names, const char *whole)
{
    for (guint i = 0; i < names->len; i++) {
        const Pattern *pattern = g_ptr_array_index(names, i);
        if (matches_text(pattern, pattern->whole ? whole : record_base_name(whole)))
            return true;
    }
    return false;
}
