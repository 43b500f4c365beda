// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/report-html.h"

#include "base/text-escape.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

static const char *const classes[ACTIVITY_KINDS] = {
    [ACTIVITY_RUN] = "run",   [ACTIVITY_PERSIST] = "persist", [ACTIVITY_CHANGE] = "change",
    [ACTIVITY_READ] = "read", [ACTIVITY_ENTER] = "enter",     [ACTIVITY_TRY] = "enter",
};

/** Whether a line may end behind `p` in `text`: paths, accounts, names of files and of methods break where a person would
 *  break them. */
static bool may_break(const char *text, const char *p)
{
    if (*p == ':')
        return p > text && p[-1] == ':' && g_ascii_isupper(p[1]);
    return strchr("\\/_", *p) && p[1] && !strchr("\\/_ ", p[1]);
}

static void write_escaped(FILE *stream, const char *text, size_t max, bool breaks)
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
        if (breaks && may_break(fitting, p))
            (void) fputs("<wbr>", stream);
    }
}

void html_text(FILE *stream, const char *text, size_t max)
{
    write_escaped(stream, text, max, false);
}

void html_name(FILE *stream, const char *text, size_t max)
{
    write_escaped(stream, text, max, true);
}

void html_code(FILE *stream, const char *text, size_t max)
{
    (void) fputs("<code>", stream);
    html_name(stream, text, max);
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

/** What tells a capture from the others: the name of its file, or, where several have that, its path. */
static const char *capture_name(const RecordSet *set, guint index)
{
    const char *path = ((const RecordFile *) g_ptr_array_index(set->files, index))->path;
    const char *name = record_base_name(path);
    for (guint i = 0; i < set->files->len; i++) {
        const RecordFile *other = g_ptr_array_index(set->files, i);
        if (i != index && g_strcmp0(record_base_name(other->path), name) == 0)
            return path;
    }
    return name;
}

static void write_place(FILE *stream, const RecordSet *set, int64_t frame, bool named)
{
    (void) fprintf(stream, "<span class=\"frame\">%" PRId64 "</span>", frame_number(frame));
    if (!named || frame == 0 || frame_file(frame) >= set->files->len)
        return;
    (void) fputs(" of ", stream);
    html_code(stream, capture_name(set, frame_file(frame)), HTML_SHORT);
}

void html_frame(FILE *stream, const Activity *activity, int64_t frame)
{
    const Record *first = g_ptr_array_index(activity->records, 0);
    write_place(stream, activity->set, frame, frame_file(frame) != frame_file(first->frames.first));
}

void html_frame_anywhere(FILE *stream, const RecordSet *set, int64_t frame)
{
    write_place(stream, set, frame, set->files->len > 1);
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

void html_host(FILE *stream, const RecordEnd *end)
{
    const char *host = activity_host(end);
    html_code(stream, host, HTML_SHORT);
    if (end->ip && end->ip != host) {
        (void) fputs(" <span class=\"ip\">(", stream);
        html_text(stream, end->ip, HTML_SHORT);
        (void) fputs(")</span>", stream);
    }
}

void html_log_source(FILE *stream, const LogSource *source)
{
    html_code(stream, record_base_name(source->file), HTML_SHORT);
    if (source->event_id >= 0)
        (void) fprintf(stream, " event&nbsp;%" PRId64, source->event_id);
    if (source->record >= 0)
        (void) fprintf(stream, ", record&nbsp;%" PRId64, source->record);
    if (!source->reason)
        return;
    (void) fputs(": ", stream);
    html_text(stream, source->reason, 300);
}

void html_count(FILE *stream, uint64_t count, const char *singular, const char *plural)
{
    (void) fprintf(stream, "%" PRIu64 " %s", count, count == 1 ? singular : plural);
}

void html_begin_fact(FILE *stream, const char *name)
{
    if (name)
        (void) fprintf(stream, "<dt>%s</dt>", name);
    (void) fputs("<dd>", stream);
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
