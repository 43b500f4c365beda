// SPDX-License-Identifier: GPL-2.0-or-later
// Markdown for tickets: a section a connection. Each text of the wire is a code span, in which nothing is a link, a
// mention or HTML.

#include "base/text-escape.h"
#include "join/summary.h"
#include "names/techniques.h"
#include "output/format.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_TEXT ((size_t) 1000) ///< characters of one text of the wire

/** Its fence is longer than any run of backticks inside. */
static void put_code(FILE *stream, const char *text)
{
    g_autofree char *escaped = text_escape(text, false);
    g_autofree char *shown = text_fit(escaped, MAX_TEXT, TEXT_CUT_END, "…");
    size_t fence = 1, run = 0;
    for (const char *p = shown; *p; p++) {
        run = *p == '`' ? run + 1 : 0;
        fence = MAX(fence, run + 1);
    }
    g_autofree char *ticks = g_strnfill(fence, '`');
    // A text and its fence are parted by a space, which is taken away again, where they would run together or where a
    // space of the text itself would be taken away.
    bool part = *shown == '\0' || strchr("` ", *shown) || strchr("` ", shown[strlen(shown) - 1]);
    const char *space = part ? " " : "";
    (void) fprintf(stream, "%s%s%s%s%s", ticks, space, shown, space, ticks);
}

static void put_item(FILE *stream, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    (void) fprintf(stream, "- %s: ", title);
    put_code(stream, text);
    (void) putc('\n', stream);
}

static void put_host(FILE *stream, const RecordEnd *endpoint)
{
    g_autofree char *address = record_text_endpoint(endpoint);
    if (endpoint->host) {
        put_code(stream, endpoint->host);
        (void) putc(' ', stream);
    }
    put_code(stream, address);
}

static void put_user(FILE *stream, const RecordSet *set, const Record *r)
{
    const Auth *auth = &r->auth;
    g_autofree char *user = record_text_user(auth);
    if (!user)
        return;
    (void) fputs("- User: ", stream);
    put_code(stream, user);
    if (auth->user_source && auth->user_frame) {
        const char *path = record_other_path(set, r, auth->user_frame);
        (void) fprintf(stream, " (%s, frame %" PRId64, auth->user_source, frame_number(auth->user_frame));
        if (path) {
            (void) fputs(" of ", stream);
            put_code(stream, path);
        }
        (void) putc(')', stream);
    }
    (void) putc('\n', stream);
}

static void put_processes(FILE *stream, const Record *r)
{
    static const struct {
        const char *role, *title;
    } roles[] = {{"client", "Client process"}, {"server", "Server process"}, {"spawned", "Started"}};
    for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
        for (guint j = 0; j < r->processes->len; j++) {
            const Process *process = &g_array_index(r->processes, Process, j);
            if (strcmp(process->role, roles[i].role) != 0)
                continue;
            g_autofree char *shown = host_summary_process(process);
            put_item(stream, roles[i].title, process->command_line ? process->command_line : shown);
        }
    }
}

static void put_techniques(FILE *stream, const Record *r)
{
    for (guint i = 0; i < r->techniques->len; i++) {
        const char *id = g_ptr_array_index(r->techniques, i);
        const AttackTechnique *technique = attack_technique(id);
        g_autofree char *url = attack_technique_url(id);
        (void) fprintf(stream, "- Technique: [%s%s%s](%s)\n", id, technique ? " " : "",
                       technique ? technique->name : "", url);
    }
}

static void markdown_record(Out *out, const RecordSet *set, const Record *r)
{
    FILE *stream = out->stream;
    (void) fprintf(stream, "%s## ", out->records ? "\n" : "");
    put_host(stream, &r->client);
    (void) fputs(" → ", stream);
    put_host(stream, &r->server);
    (void) fprintf(stream, " (%s)\n\n", confidence_text(r->confidence));
    put_item(stream, "What", r->summary);
    g_autofree char *allowed = record_text_allowed(r);
    put_item(stream, "Allowed", allowed);
    put_item(stream, "From", r->start_time);
    put_item(stream, "To", r->end_time);
    put_user(stream, set, r);
    put_processes(stream, r);
    put_item(stream, "Namespace", record_text_namespace(r));
    put_techniques(stream, r);
    g_autofree char *evidence = record_text_evidence(set, r);
    put_item(stream, "Evidence", evidence);
    put_item(stream, "Display filter", r->filter);
    const RecordFile *file = record_file(set, r);
    put_item(stream, "Capture", file->path);
    put_item(stream, "Not all of it was read", file->note);
}

static void markdown_end(Out *out)
{
    if (out->records)
        (void) fputs("\nFound with car-wmi " CAR_VERSION " after [" CAR_ANALYTIC "](" CAR_ANALYTIC_URL ").\n",
                     out->stream);
}

const OutFormat out_format_markdown = {
    .name = "markdown",
    .summary = "a section a connection, for tickets",
    .live = OUT_LIVE_ENDS,
    .record = markdown_record,
    .end = markdown_end,
};
