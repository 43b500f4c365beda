// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json-write.h"

#include "base/text-escape.h"
#include "base/unknown.h"

#include <inttypes.h>

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c < 0x7f;
}

static void put_escaped(FILE *stream, gunichar c)
{
    switch (c) {
    case '"': (void) fputs("\\\"", stream); break;
    case '\\': (void) fputs("\\\\", stream); break;
    case '\n': (void) fputs("\\n", stream); break;
    case '\r': (void) fputs("\\r", stream); break;
    case '\t': (void) fputs("\\t", stream); break;
    default:
        if (c < 0x10000)
            (void) fprintf(stream, "\\u%04x", c);
        else // as a pair of surrogates
            (void) fprintf(stream, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
}

/** What a terminal or an editor would obey, or not show, is escaped: the value is the same. */
static void put_text(FILE *stream, const char *text)
{
    (void) putc_unlocked('"', stream);
    while (*text) {
        size_t plain = 0;
        while (is_plain((unsigned char) text[plain]))
            plain++;
        (void) fwrite(text, 1, plain, stream);
        text += plain;
        if (!*text)
            break;
        gunichar c = g_utf8_get_char(text);
        const char *next = g_utf8_next_char(text);
        if (c >= 0x80 && text_is_printable(c))
            (void) fwrite(text, 1, (size_t) (next - text), stream);
        else
            put_escaped(stream, c);
        text = next;
    }
    (void) putc_unlocked('"', stream);
}

static void put_name(JsonWriter *w, const char *name)
{
    if (w->follows)
        (void) putc_unlocked(',', w->stream);
    w->follows = true;
    if (name) {
        put_text(w->stream, name);
        (void) putc_unlocked(':', w->stream);
    }
}

static void open_with(JsonWriter *w, const char *name, char bracket)
{
    put_name(w, name);
    (void) putc_unlocked(bracket, w->stream);
    w->follows = false;
}

static void close_with(JsonWriter *w, char bracket)
{
    (void) putc_unlocked(bracket, w->stream);
    w->follows = true;
}

void json_open_object(JsonWriter *w, const char *name)
{
    open_with(w, name, '{');
}

void json_close_object(JsonWriter *w)
{
    close_with(w, '}');
}

void json_open_array(JsonWriter *w, const char *name)
{
    open_with(w, name, '[');
}

void json_close_array(JsonWriter *w)
{
    close_with(w, ']');
}

void json_write_null(JsonWriter *w, const char *name)
{
    put_name(w, name);
    (void) fputs("null", w->stream);
}

void json_write_bool(JsonWriter *w, const char *name, bool value)
{
    put_name(w, name);
    (void) fputs(value ? "true" : "false", w->stream);
}

void json_write_int(JsonWriter *w, const char *name, int64_t value)
{
    put_name(w, name);
    (void) fprintf(w->stream, "%" PRId64, value);
}

void json_write_text(JsonWriter *w, const char *name, const char *value)
{
    if (!value) {
        json_write_null(w, name);
        return;
    }
    put_name(w, name);
    put_text(w->stream, value);
}

void json_write_known_text(JsonWriter *w, const char *name, const char *value)
{
    if (value)
        json_write_text(w, name, value);
}

void json_write_number(JsonWriter *w, const char *name, int64_t value)
{
    if (value == NUMBER_UNKNOWN)
        json_write_null(w, name);
    else
        json_write_int(w, name, value);
}

void json_write_known_int(JsonWriter *w, const char *name, int64_t value)
{
    if (value != NUMBER_UNKNOWN)
        json_write_int(w, name, value);
}
