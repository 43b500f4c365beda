// SPDX-License-Identifier: GPL-2.0-or-later
#include "json-write.h"

#include <inttypes.h>

static void put_text(FILE *stream, const char *text)
{
    (void) putc('"', stream);
    for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
        switch (*p) {
        case '"': (void) fputs("\\\"", stream); break;
        case '\\': (void) fputs("\\\\", stream); break;
        case '\n': (void) fputs("\\n", stream); break;
        case '\r': (void) fputs("\\r", stream); break;
        case '\t': (void) fputs("\\t", stream); break;
        default:
            if (*p < 0x20 || *p == 0x7f)
                (void) fprintf(stream, "\\u%04x", *p);
            else
                (void) putc(*p, stream);
        }
    }
    (void) putc('"', stream);
}

static void put_name(JsonWriter *w, const char *name)
{
    if (w->follows)
        (void) putc(',', w->stream);
    w->follows = true;
    if (name) {
        put_text(w->stream, name);
        (void) putc(':', w->stream);
    }
}

static void open_with(JsonWriter *w, const char *name, char bracket)
{
    put_name(w, name);
    (void) putc(bracket, w->stream);
    w->follows = false;
}

static void close_with(JsonWriter *w, char bracket)
{
    (void) putc(bracket, w->stream);
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
