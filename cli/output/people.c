// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/people.h"

#include "base/text-escape.h"

#include <string.h>

#define MIN_WIDTH 40u ///< of a narrower terminal, lines are longer than it is
#define MIN_ROOM 20u  ///< for a text, however far to the right it begins

#define MAGENTA "\033[1;35m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

size_t people_width(const Out *out)
{
    return out->style.width ? MAX(out->style.width, MIN_WIDTH) : 0;
}

void people_blanks(FILE *stream, size_t count)
{
    (void) fprintf(stream, "%*s", (int) count, "");
}

size_t people_put(const Out *out, const char *text, size_t column, size_t indent, const char *colour)
{
    size_t width = people_width(out);
    bool coloured = colour && out->style.colour;
    for (;;) {
        size_t room = width > column + MIN_ROOM ? width - column : MIN_ROOM;
        const char *end = width ? text_line_end(text, room) : text + strlen(text);
        size_t len = (size_t) (end - text);
        while (*end && len > room && text[len - 1] == ' ') // blanks that would not fit end a line as it is
            len--;
        (void) fprintf(out->stream, "%s%.*s%s", coloured ? colour : "", (int) len, text, coloured ? PLAIN : "");
        if (!*end)
            return column + text_width(text);
        text = end;
        column = indent;
        (void) putc('\n', out->stream);
        people_blanks(out->stream, indent);
    }
}

static char *host_text(const RecordEnd *end)
{
    const char *name = end->host ? end->host : end->fqdn;
    if (name && end->ip)
        return g_strdup_printf("%s (%s)", name, end->ip);
    return g_strdup(name ? name : end->ip ? end->ip : "unknown host");
}

char *people_hosts(const Out *out, const RecordEnd *client, const RecordEnd *server)
{
    g_autofree char *from = host_text(client), *to = host_text(server);
    return g_strconcat(from, out->style.ascii ? " -> " : " → ", to, NULL);
}

const char *people_colour(Stage stage, Outcome outcome)
{
    if (outcome == OUTCOME_FAILED)
        return YELLOW;
    switch (stage) {
    case STAGE_EXECUTE: return PEOPLE_RED;
    case STAGE_SUBSCRIBE: return MAGENTA;
    default: return NULL;
    }
}
