// SPDX-License-Identifier: GPL-2.0-or-later
#include "report-html.h"

#include "text-escape.h"

#include <inttypes.h>
#include <string.h>

static const char *const classes[ACTIVITY_KINDS] = {
    [ACTIVITY_RUN] = "run",   [ACTIVITY_PERSIST] = "persist", [ACTIVITY_CHANGE] = "change",
    [ACTIVITY_READ] = "read", [ACTIVITY_ENTER] = "enter",
};

void html_text(FILE *stream, const char *text, size_t max)
{
    if (!text) {
        (void) fputs("unknown", stream);
        return;
    }
    // What comes after is not looked at, however long it is.
    g_autofree char *start = NULL;
    if (strlen(text) > 4 * max)
        start = g_strndup(text, 4 * max + 4);
    g_autofree char *escaped = text_escape(start ? start : text, false);
    g_autofree char *fitting = text_fit(escaped, max, TEXT_CUT_END, "…");
    for (const char *p = fitting; *p; p++) {
        switch (*p) {
        case '&': (void) fputs("&amp;", stream); break;
        case '<': (void) fputs("&lt;", stream); break;
        case '>': (void) fputs("&gt;", stream); break;
        case '"': (void) fputs("&quot;", stream); break;
        case '\'': (void) fputs("&#39;", stream); break;
        default: (void) putc(*p, stream);
        }
    }
}

void html_code(FILE *stream, const char *text, size_t max)
{
    (void) fputs("<code>", stream);
    html_text(stream, text, max);
    (void) fputs("</code>", stream);
}

void html_time(FILE *stream, const char *time)
{
    if (!time || strlen(time) < strlen("2020-08-06T07:56:41Z")) {
        html_text(stream, time, HTML_SHORT);
        return;
    }
    g_autofree char *text = g_strdup_printf("%.10s %.*s", time, (int) strcspn(time + 11, "Z"), time + 11);
    (void) fputs("<span class=\"time\">", stream);
    html_text(stream, text, HTML_SHORT);
    (void) fputs("</span>", stream);
}

void html_frame_number(FILE *stream, int64_t frame)
{
    (void) fprintf(stream, "%" PRId64, frame_number(frame));
    if (frame_file(frame) > 0)
        (void) fprintf(stream, " of capture %u", frame_file(frame) + 1);
}

void html_frame(FILE *stream, int64_t frame)
{
    if (frame) {
        (void) fputs("<span class=\"frame\">frame&nbsp;", stream);
        html_frame_number(stream, frame);
        (void) fputs("</span>", stream);
    } else
        (void) fputs("no frame", stream);
}

const char *html_class(const Activity *activity)
{
    return activity->allowed ? "allowed" : classes[activity->kind];
}

void html_badge(FILE *stream, const Activity *activity)
{
    (void) fprintf(stream, "<span class=\"badge %s\">%s</span>", html_class(activity),
                   activity->allowed ? "Allowed" : activity_kind_title(activity->kind));
}

void html_host(FILE *stream, const Endpoint *end)
{
    const char *host = activity_host(end);
    html_code(stream, host, HTML_SHORT);
    if (end->ip && end->ip != host) {
        (void) fputs(" (", stream);
        html_text(stream, end->ip, HTML_SHORT);
        (void) putc(')', stream);
    }
}

void html_count(FILE *stream, guint64 count, const char *singular, const char *plural)
{
    (void) fprintf(stream, "%" G_GUINT64_FORMAT " %s", count, count == 1 ? singular : plural);
}

void html_begin_fact(FILE *stream, const char *name)
{
    (void) fprintf(stream, "<dt>%s</dt><dd>", name);
}

void html_end_fact(FILE *stream)
{
    (void) fputs("</dd>\n", stream);
}

void html_fact(FILE *stream, const char *name, const char *text)
{
    if (!text)
        return;
    html_begin_fact(stream, name);
    html_code(stream, text, HTML_LONG);
    html_end_fact(stream);
}

void html_begin_scroll(FILE *stream, const char *label)
{
    (void) fprintf(stream, "<section class=\"scroll\" tabindex=\"0\" aria-label=\"%s\">\n", label);
}

void html_end_scroll(FILE *stream)
{
    (void) fputs("</section>\n", stream);
}
